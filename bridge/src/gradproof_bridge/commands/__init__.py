"""The commands: a module each with NAME, SUMMARY, add_arguments and run."""
