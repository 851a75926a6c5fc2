"""Register-level models of the chips, telephones and a telephone office: a board made of Python."""
