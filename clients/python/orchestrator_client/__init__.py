"""Client of the Frappe Orchestrator API.

`Client` adds an API key, retries, errors and paging to the functions in `generated`, which script/clients makes from
the OpenAPI document of a site.
"""

from .client import Client, unwrap
from .retries import RetryPolicy

__all__ = ["Client", "RetryPolicy", "unwrap"]
