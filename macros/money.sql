{# What the order items of a group cost together. #}
{% macro revenue() -%}
CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2))
{%- endmacro %}
