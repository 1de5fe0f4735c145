"""What is recorded: a module for each library, a function for each family of ops."""
