"""What is told to people as a document: values, and their templates."""
