"""Parts of a model, as AllenNLP knows them."""
