"""Reports as single HTML files, which a browser opens without a network: tables to sort and filter, pictures inside, clips to hear."""
