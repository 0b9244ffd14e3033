{{ sink(format="kafka", options={"kafka.bootstrap.servers": "{{ var('brokers') }}", "topic": "large-payments"}) }}
-- Tells the fraud team of each large payment at once.

SELECT payment_id AS key, to_json(struct(payment_id, merchant_id, amount, currency, changed_at)) AS value
FROM {{ stream("bronze.payment_events") }}
WHERE status = 'authorised' AND amount >= 1000
