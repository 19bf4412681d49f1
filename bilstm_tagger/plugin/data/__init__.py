"""Tokens, fields, samplers and the vocabulary, as AllenNLP knows them."""
