"""The English model beside spaCy's `en_core_web_sm`: `python -m benchmarks.models`."""
