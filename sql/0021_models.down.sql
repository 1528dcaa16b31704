-- Models are gone, and with them what they have cost.

DROP TABLE app.llm_cache, app.llm_breaker, app.llm_budget, app.llm_call, app.llm_model, app.llm_provider;
