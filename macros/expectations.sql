{# A string of digits has at least `count` digits. #}
{% macro at_least_digits(column, count) -%}
length({{ column }}) >= {{ count }}
{%- endmacro %}

{# A string has exactly `count` characters. #}
{% macro exactly_characters(column, count) -%}
length({{ column }}) = {{ count }}
{%- endmacro %}

{# A string is one of `values`. #}
{% macro one_of(column, values) -%}
{{ column }} IN ('{{ values | join("', '") }}')
{%- endmacro %}
