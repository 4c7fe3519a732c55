"""What runs the combinations: study, trial, search, training, tracking, statistics, report, command line."""
