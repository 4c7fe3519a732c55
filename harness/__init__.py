"""What runs the combinations: study, trial, search, training, tracking, statistics, report, command line."""

import os

# Read when mlflow is imported, wherever that is first.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a benchmark tells nobody that it runs
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # for long outages there is the outbox
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
