"""The dictionaries: fields, problems and operators in the words of every language that we speak."""
