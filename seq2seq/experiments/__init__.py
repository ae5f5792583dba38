"""Experiments made of several steps: train, translate, score. The demo is the smallest of them."""
