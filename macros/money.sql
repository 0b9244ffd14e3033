{# The total amount of the order items of a group. #}
{% macro revenue() -%}
CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2))
{%- endmacro %}
