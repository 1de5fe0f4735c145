"""How long the libraries take."""
