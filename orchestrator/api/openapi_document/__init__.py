"""The OpenAPI document, built from the endpoints' signatures, docstrings and shapes."""
