"""What to try next: Optuna's studies, budgets, pruning, claims."""
