"""The public account of a year or a month: figures, each a fold of rows that are kept with it."""
