{% macro above(column, least) -%} {{ column }} > {{ least }} {%- endmacro %}

{% macro counted(column) %}count(DISTINCT {{ column }}){% endmacro %}
