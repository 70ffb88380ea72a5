"""The first day of a company that people have lived in for years, from nothing to live, by the commands of the docs."""
