"""The rules of each kind of component; `registry.contracts` runs them."""
