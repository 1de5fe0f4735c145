"""Whether what the browser exported is what the libraries say."""
