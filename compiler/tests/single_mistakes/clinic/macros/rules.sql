{% macro positive(column) %}{{ column }} > 0{% endmacro %}

{% macro listed(column, values) -%}
{{ column }} IN ({% for value in values %}'{{ value }}'{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}

{% macro price_of(amount, tax) %}CAST({{ amount }} * (1 + {{ tax }}) AS DECIMAL(12, 2)){% endmacro %}
