"""One trial: fit on train, choose on validation, score, save as a model, measure its cost."""
