"""Archives of AllenNLP, `model.tar.gz`, from anywhere: read as data, under limits."""
