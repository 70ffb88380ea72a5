"""Random lives: what happens to accounts over four hundred days, and an independent model of what must follow."""
