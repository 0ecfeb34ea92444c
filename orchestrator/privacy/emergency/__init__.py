"""Emergency access: a clinical user opens one client outside their facilities for a limited time.

See docs/decisions/0050-grant-emergency-access-as-a-share-of-the-request.md.
"""
