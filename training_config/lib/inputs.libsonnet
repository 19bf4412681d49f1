// What a tagger sees of a token. Each input is a pair of a token indexer (text to ids) and a token
// embedder (ids to vectors) under one name; add them up: words(...) + characters('cnn') + casing.
// Words also decide the vocabulary.

// The name of an input, which no other input may have.
local named(name) = {
  local names = self.names,
  names:: (if 'names' in super then super.names else []) + [name],
  assert std.length(std.filter(function(other) other == name, names)) == 1 :
         "two inputs have the name '%s'; give one of them another name, as in "
         % name + "inputs.words(..., name='more_words') or inputs.lexicon(..., name='places')",
  assert std.length(name) > 0 && std.length(std.split(name, '.')) == 1 :
         "'%s' cannot be the name of an input: it is empty, or has a dot" % name,
};

{
  // Word vectors, by the look-up chain: exact, lower-cased, normalised form, unknown.
  // keep: 'reachable' (only the vectors that the data reach) or 'all' (for any later text).
  // more: other settings of the embedder. name: of a further file of vectors, beside the first.
  words(file, dimension, keep='reachable', trainable=false, more={}, name='words')::
    local source = { pretrained_file: file, keep: keep };
    local namespace = if name == 'words' then {} else { namespace: name };
    named(name) {
      token_indexers+: { [name]: { type: 'word_forms' } + namespace },
      token_embedders+: {
        [name]: {
          type: 'word_vectors',
          pretrained_file: file,
          embedding_dim: dimension,
          trainable: trainable,
        } + namespace + more,
      },
      vocabulary+: { type: 'word_vectors' }
                   + if name == 'words' then source else { more+: { [name]: source } },
    },

  // Vectors learnt from the training data alone, without a file: for each normalised form (lower
  // case, one form for all numbers) that occurs at least min_count times, and one for all others.
  trained_words(dimension, min_count=2):: named('words') {
    token_indexers+: { words: { type: 'word_forms' } },
    token_embedders+: {
      words: { type: 'word_vectors', embedding_dim: dimension, trainable: true },
    },
    vocabulary+: {
      type: 'word_vectors',
      frequent_min_count: min_count,
      frequent_max_words: null,
    },
  },

  // A vector made of the characters: encoder 'cnn' (Ma and Hovy 2016) or 'lstm' (Lample et al. 2016).
  characters(encoder, max_length=25, more={}):: named('characters') {
    token_indexers+: { characters: { type: 'word_characters', max_length: max_length } },
    token_embedders+: { characters: { type: 'character_' + encoder } + more },
  },

  // The vectors of a frozen model that reads the whole sentence, computed once and kept in the folder
  // 'cache' (null: computed anew in every epoch). layers: 'mix', 'mean', 'last', 'all' or a number.
  // more: other settings of the embedder, such as { projection_dim: 100, dropout: 0.3 }.
  contextual(
    indexer, embedder, layers='mix', cache='build/vectors', name='context', more={}
  ):: named(name) {
    token_indexers+: { [name]: indexer },
    token_embedders+: {
      [name]: { type: 'contextual', embedder: embedder, layers: layers, cache: cache } + more,
    },
  },

  // Of a transformer: any encoder of Hugging Face, by its name or its folder. A token has the mean of
  // its word pieces. max_length: a sentence with more word pieces is read in parts.
  transformer(
    model_name, layers='mix', cache='build/vectors', name='transformer', max_length=512, more={}
  )::
    local kind = {
      type: 'pretrained_transformer_mismatched',
      model_name: model_name,
      max_length: max_length,
    };
    $.contextual(kind, kind, layers, cache, name, more),

  // Of an ELMo, by its files.
  elmo(options_file, weight_file, layers='mix', cache='build/vectors', name='elmo', more={})::
    $.contextual(
      { type: 'elmo_characters' },
      { type: 'elmo_token_embedder', options_file: options_file, weight_file: weight_file },
      layers,
      cache,
      name,
      more
    ),

  // The casing class: allLower, initialUpper, numeric, ...
  casing:: $.feature('casing', { type: 'casing' }),

  // Whether a token is in a list of names, or of other words: an entry a line, the longest match. The
  // entries are kept with the model.
  lexicon(file, name='lexicon', ignore_case=true, dimension=5)::
    $.feature(
      name,
      { type: 'lexicon', lexicon_file: file, ignore_case: ignore_case, namespace: name },
      dimension
    ),

  // Any column of the file.
  column(name):: $.feature(name, { type: 'column', column: name }),

  feature(name, indexer, dimension=10):: named(name) {
    token_indexers+: { [name]: indexer },
    token_embedders+: {
      [name]: {
        type: 'embedding',
        vocab_namespace: name,
        embedding_dim: dimension,
        padding_index: 0,
      },
    },
  },
}
