"""Floor 3: SQLAlchemy models and the only SQL of the project.

Functions here take a `Connection`; the caller owns the transaction.
"""
