"""Golden codes: what the libraries make of weights that the browser draws too, number for number.

They stand in one file of the repository, `suites/quant/goldens/goldens.json`, beside the suites that
read them. Of large weights it has the SHA-256 of each result alone.
"""
