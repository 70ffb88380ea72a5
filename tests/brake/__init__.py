"""The brake in a company of ten thousand accounts: weeks of ordinary life, then one disaster after the other."""
