"""Building blocks of the models.

Shapes use one alphabet everywhere: B sentences, S source positions, T target positions,
V vocabulary, E embedding, H hidden, L layers, K hypotheses a sentence, D width of one attention
head, A attention heads.
"""
