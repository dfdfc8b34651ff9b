"""Plans of other layouts, made by program in our own words: each a file and what it says."""
