{# A column of digits that holds at least so many of them. #}
{% macro at_least_digits(column, count) -%}
length({{ column }}) >= {{ count }}
{%- endmacro %}

{# A text of exactly so many characters. #}
{% macro exactly_characters(column, count) -%}
length({{ column }}) = {{ count }}
{%- endmacro %}

{# One of a few known texts. #}
{% macro one_of(column, values) -%}
{{ column }} IN ('{{ values | join("', '") }}')
{%- endmacro %}
