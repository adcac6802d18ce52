-- What models cost, as published; a newer list is new rows with a later day.
-- Batch is half of the standard price. Whether a cached token is cheaper still by
-- batch is nowhere stated, so batch_cached_input is null and such tokens count as
-- batch input, an upper bound. From gpt-5.4 on (-mini and -nano apart) a request
-- of more than 272,000 input tokens pays double for all of its input and one and
-- a half times as much for its output.
INSERT INTO kg_batch_internal.model_price (model_price_id, model_prefix, valid_from, tier_above, input, cached_input, cache_write,
                                           output, batch_input, batch_cached_input, batch_output, source, checked_on, shipped) VALUES
    (1, 'gpt-6-luna', '2026-09-23', 0, 0.1, 0.01, 0.125, 0.5, 0.05, NULL, 0.25, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (2, 'gpt-5.6-sol', '2026-09-23', 0, 4, 0.4, 5, 20, 2, NULL, 10, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (3, 'gpt-5.6-terra', '2026-09-23', 0, 2, 0.2, 2.5, 12, 1, NULL, 6, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (4, 'gpt-5.6-luna', '2026-09-23', 0, 0.2, 0.02, 0.25, 1.2, 0.1, NULL, 0.6, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (5, 'gpt-5.5', '2026-09-23', 0, 5, 0.5, NULL, 30, 2.5, NULL, 15, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (6, 'gpt-5.4', '2026-09-23', 0, 2.5, 0.25, NULL, 15, 1.25, NULL, 7.5, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (7, 'gpt-5.4-mini', '2026-09-23', 0, 0.75, 0.075, NULL, 4.5, 0.375, NULL, 2.25, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (8, 'gpt-5.4-nano', '2026-09-23', 0, 0.2, 0.02, NULL, 1.25, 0.1, NULL, 0.625, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (9, 'gpt-5.2', '2026-09-23', 0, 1.75, 0.175, NULL, 14, 0.875, NULL, 7, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (10, 'gpt-5.1', '2026-09-23', 0, 1.25, 0.125, NULL, 10, 0.625, NULL, 5, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (11, 'gpt-5', '2026-09-23', 0, 1.25, 0.125, NULL, 10, 0.625, NULL, 5, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (12, 'gpt-5-mini', '2026-09-23', 0, 0.25, 0.025, NULL, 2, 0.125, NULL, 1, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (13, 'gpt-5-nano', '2026-09-23', 0, 0.05, 0.005, NULL, 0.4, 0.025, NULL, 0.2, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (14, 'gpt-4.1', '2026-09-23', 0, 2, 0.5, NULL, 8, 1, NULL, 4, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (15, 'gpt-4.1-mini', '2026-09-23', 0, 0.4, 0.1, NULL, 1.6, 0.2, NULL, 0.8, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (16, 'gpt-4.1-nano', '2026-09-23', 0, 0.1, 0.025, NULL, 0.4, 0.05, NULL, 0.2, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (17, 'gpt-4o', '2026-09-23', 0, 2.5, 1.25, NULL, 10, 1.25, NULL, 5, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (18, 'gpt-4o-mini', '2026-09-23', 0, 0.15, 0.075, NULL, 0.6, 0.075, NULL, 0.3, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (19, 'o3', '2026-09-23', 0, 2, 0.5, NULL, 8, 1, NULL, 4, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (20, 'o4-mini', '2026-09-23', 0, 1.1, 0.275, NULL, 4.4, 0.55, NULL, 2.2, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (21, 'o3-mini', '2026-09-23', 0, 1.1, 0.55, NULL, 4.4, 0.55, NULL, 2.2, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (22, 'text-embedding-3-small', '2026-09-23', 0, 0.02, NULL, NULL, 0, 0.01, NULL, 0, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (23, 'text-embedding-3-large', '2026-09-23', 0, 0.13, NULL, NULL, 0, 0.065, NULL, 0, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (24, 'text-embedding-ada-002', '2026-09-23', 0, 0.1, NULL, NULL, 0, 0.05, NULL, 0, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (101, 'gpt-6-luna', '2026-09-23', 272000, 0.2, 0.02, 0.25, 0.75, 0.1, NULL, 0.375, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (102, 'gpt-5.6-sol', '2026-09-23', 272000, 8, 0.8, 10, 30, 4, NULL, 15, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (103, 'gpt-5.6-terra', '2026-09-23', 272000, 4, 0.4, 5, 18, 2, NULL, 9, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (104, 'gpt-5.6-luna', '2026-09-23', 272000, 0.4, 0.04, 0.5, 1.8, 0.2, NULL, 0.9, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (105, 'gpt-5.5', '2026-09-23', 272000, 10, 1, NULL, 45, 5, NULL, 22.5, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true),
    (106, 'gpt-5.4', '2026-09-23', 272000, 5, 0.5, NULL, 22.5, 2.5, NULL, 11.25, 'OpenAI price list, @pydantic/genai-prices 0.1.8', '2026-09-23', true);
