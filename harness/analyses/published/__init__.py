"""What published systems claim, beside what their recipes give here."""
