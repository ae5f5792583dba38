"""Raw text to numbers and back: lines of files, and the tokenizers of a model directory."""
