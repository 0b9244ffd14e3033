"""Queries that are easily read for what they are not, with the keys of their results."""

from __future__ import annotations

from grain_cases import Case

READING = (
    # What may stand between OVER and its function
    Case(
        "a wrapper in a window",
        "SELECT customer_id, lead(status, 1) IGNORE NULLS OVER (PARTITION BY customer_id ORDER BY ts) AS n FROM orders",
        (),
        "a window is no aggregate",
    ),
    Case(
        "a wrapper in a window",
        "SELECT status, any_value(ts) RESPECT NULLS OVER (PARTITION BY status) AS ts FROM orders",
        (),
        "a window is no aggregate",
    ),
    Case(
        "a wrapper in a window",
        "SELECT customer_id, count(*) FILTER (WHERE status = 'open') OVER (PARTITION BY customer_id) AS n FROM orders",
        (),
        "a window is no aggregate",
    ),
    Case(
        "a wrapper in a window",
        "SELECT name, percentile_cont(0.5) WITHIN GROUP (ORDER BY id) OVER (PARTITION BY name) AS m FROM customers",
        (),
        "a window is no aggregate",
    ),
    Case(
        "a wrapper in a window",
        "SELECT country, sum(count(*)) FILTER (WHERE country = 'DE') OVER () AS n FROM customers GROUP BY country",
        ("country",),
        "what is counted inside is of a group",
    ),
    Case(
        "a wrapper in a window",
        "SELECT status FROM orders QUALIFY count(*) FILTER (WHERE customer_id > 3) OVER (PARTITION BY status) = 1",
        (),
        "others are not counted",
    ),
    Case(
        "a wrapper of an aggregate",
        "SELECT first(status) IGNORE NULLS AS s, max(ts) FILTER (WHERE status = 'open') AS t FROM orders",
        ("",),
        "one row in all",
    ),
    Case(
        "a wrapper of an aggregate",
        "SELECT customer_id, listagg(status, ',') WITHIN GROUP (ORDER BY ts) AS all FROM orders GROUP BY customer_id",
        ("customer_id",),
        "a group each",
    ),
    # Counting
    Case(
        "counting",
        "SELECT name FROM customers QUALIFY count(1, country) OVER (PARTITION BY name) = 1",
        (),
        "rows without a country are not counted",
    ),
    Case(
        "counting",
        "SELECT name FROM customers QUALIFY count(* EXCEPT (id)) OVER (PARTITION BY name) = 1",
        (),
        "rows with a NULL are not counted",
    ),
    Case(
        "counting",
        "SELECT name FROM customers QUALIFY count(customers.*) OVER (PARTITION BY name) = 1",
        (),
        "rows with a NULL are not counted",
    ),
    Case(
        "counting",
        "SELECT name FROM customers QUALIFY count('x') OVER (PARTITION BY name) = 1",
        ("name",),
        "a literal is counted in each row",
    ),
    Case("counting", "SELECT count(name, country) AS n FROM customers", ("",), "an aggregate of two columns is one"),
    # Comparisons that NULL may pass
    Case(
        "<=>",
        "SELECT p.customer_id FROM customers c LEFT JOIN profiles p ON p.customer_id = c.id "
        "WHERE p.motto <=> (SELECT max(motto) FROM profiles WHERE customer_id > 9)",
        (),
        "both may be NULL",
    ),
    Case(
        "<=>",
        "SELECT p.customer_id FROM customers c LEFT JOIN profiles p ON p.customer_id = c.id "
        "WHERE p.customer_id IS NOT DISTINCT FROM p.motto",
        (),
        "both may be NULL",
    ),
    Case(
        "<=>",
        "SELECT p.customer_id FROM customers c LEFT JOIN profiles p ON p.customer_id = c.id "
        "WHERE p.motto = (SELECT max(motto) FROM profiles WHERE customer_id > 9)",
        ("customer_id",),
        "NULL equals nothing",
    ),
    # Types that are not known
    Case(
        "a type that is not known",
        "WITH o AS (SELECT order_id, negative(customer_id) AS k FROM orders) "
        "SELECT o.order_id FROM o LEFT JOIN codes c ON c.code = o.k",
        (),
        "the texts 7 and 07 both equal the number 7",
    ),
    Case(
        "a type that is not known",
        "SELECT o.order_id FROM orders o JOIN (SELECT id, bround(id) AS k FROM customers) c ON c.k = o.status",
        (),
        "the text 7 finds what rounds to 7",
    ),
    Case(
        "a type that is not known",
        "SELECT order_id FROM (SELECT order_id, explode(sequence(1, 2)) AS n FROM items) LEFT JOIN codes ON code = n",
        (),
        "the texts 7 and 07 both equal the number 7",
    ),
    Case(
        "a type that is not known",
        "SELECT i.order_id, i.line FROM items i LEFT JOIN (SELECT explode(tags) AS tag FROM items GROUP BY ALL) t "
        "ON t.tag = i.product",
        (),
        "a product may be several tags, as far as is known",
    ),
    Case(
        "a type that is not known",
        "SELECT v.n FROM (VALUES (1), (2)) AS v(n) LEFT JOIN codes c ON c.code = v.n",
        (),
        "the texts 7 and 07 both equal the number 7",
    ),
    Case(
        "a type that is not known",
        "SELECT 1 AS s, negative(order_id) AS k, order_id AS nr FROM orders UNION ALL SELECT 2, code, NULL FROM codes",
        (),
        "the texts 7 and 07 become one number",
    ),
    Case(
        "a type that is not known",
        "SELECT 1 AS s, order_id AS nr, bround(customer_id) AS k FROM orders "
        "UNION ALL SELECT 2, id, name FROM customers",
        ("s, nr",),
        "another column's type is no matter of the key",
    ),
    Case(
        "a type that is not known",
        "SELECT o.order_id FROM orders o LEFT JOIN customers c ON c.id = coalesce(o.customer_id, -1)",
        ("order_id",),
        "coalesce has the type of its parts",
    ),
    Case(
        "a type that is not known",
        "SELECT u.id FROM unlisted u LEFT JOIN customers c ON c.id = u.cid",
        ("id",),
        "of a column that nobody declared it is assumed that it fits",
    ),
    # Literals
    Case(
        "a literal that is not exact",
        "SELECT line FROM items WHERE order_id = 1e0",
        (),
        "several numbers may equal a DOUBLE",
    ),
    Case(
        "a literal that is not exact",
        "SELECT name FROM customers WHERE id = CAST(9007199254740992 AS DOUBLE)",
        (),
        "two numbers equal a large DOUBLE",
    ),
    Case(
        "a literal that is not exact", "SELECT order_id FROM items WHERE line = 1e0", ("order_id",), "an INT has room"
    ),
    Case("a literal that is not exact", "SELECT name FROM customers WHERE id = 7", ("",), "whole numbers are exact"),
    # TABLESAMPLE
    Case("TABLESAMPLE", "SELECT * FROM orders TABLESAMPLE (5 ROWS)", ("order_id",), "some of the rows"),
    Case(
        "TABLESAMPLE",
        "SELECT o.order_id FROM orders o LEFT JOIN customers TABLESAMPLE (10 PERCENT) REPEATABLE (3) c "
        "ON c.id = o.customer_id",
        ("order_id",),
        "no customer is there twice",
    ),
    # EXCEPT of a field
    Case(
        "EXCEPT of a field",
        "SELECT * EXCEPT (s.order_id) FROM (SELECT order_id, struct(order_id, line) AS s FROM items GROUP BY ALL)",
        (),
        "what is left of the struct tells less",
    ),
    # QUALIFY: names of SELECT and of columns
    Case(
        "names in QUALIFY",
        "SELECT order_id, dense_rank() OVER (ORDER BY product) AS line FROM items QUALIFY line = 1",
        (),
        "the line that SELECT makes is no line of the table",
    ),
    Case(
        "names in QUALIFY",
        "SELECT upper(name) AS name FROM customers "
        "QUALIFY row_number() OVER (PARTITION BY upper(name) ORDER BY id) = 1",
        ("name",),
        "whichever name is meant, it is the one that is shown",
    ),
    Case(
        "names in QUALIFY",
        "SELECT bank AS customer_id FROM accounts "
        "QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY bank) = 1",
        (),
        "whose number it is depends on the name",
    ),
    Case(
        "names in QUALIFY",
        "SELECT kind, date_trunc('day', at) AS day FROM events "
        "QUALIFY row_number() OVER (PARTITION BY kind, date_trunc('day', at) ORDER BY at) = 1",
        ("kind, day",),
        "an expression of both clauses is one value",
    ),
    # Positions
    Case(
        "a position",
        "SELECT posexplode(collect_list(line)) AS (p, e), product FROM items GROUP BY 2",
        (),
        "the second column is one of the generator's",
    ),
    Case("a position", "SELECT *, status FROM orders GROUP BY 2", (), "the second column is one of the star's"),
    # A full join by columns of two types
    Case(
        "a full join of two types",
        "SELECT code FROM codes FULL JOIN (SELECT id AS code FROM customers) USING (code)",
        (),
        "the texts 7 and 07 become one number",
    ),
    # Variables of templates
    Case(
        "a variable in quotes",
        "SELECT '__cbx_var_a' AS s, id FROM customers UNION ALL SELECT '__cbx_var_b', order_id FROM orders",
        (),
        "both may have one value",
    ),
    Case(
        "a variable in quotes",
        "SELECT order_id FROM items WHERE product = '__cbx_var_a' AND line = 1",
        ("order_id",),
        "whatever it is, it is one value",
    ),
    # Pipes
    Case(
        "the order of a pipe",
        "FROM customers |> LIMIT 1 |> JOIN orders AS o ON true |> SELECT o.status",
        (),
        "the one customer meets every order",
    ),
    Case(
        "the order of a pipe",
        "FROM customers |> WHERE id = 1 |> FULL JOIN orders AS o ON o.customer_id = id |> SELECT id, o.order_id",
        (),
        "orders of other customers are there too",
    ),
    Case(
        "the order of a pipe",
        "FROM items |> LIMIT 1 |> SELECT explode(tags) AS tag",
        (),
        "one row becomes several",
    ),
    Case(
        "the order of a pipe",
        "FROM customers |> WHERE id > 1 |> LEFT JOIN orders AS o ON o.order_id = id |> SELECT id, o.status |> LIMIT 9",
        ("id",),
        "the order of these does not matter",
    ),
    Case(
        "the order of a pipe",
        "FROM orders |> AGGREGATE count(*) AS n GROUP BY status |> WHERE n > 1 |> ORDER BY n",
        ("status",),
        "each step selects or aggregates",
    ),
    # What a star leaves out
    Case(
        "EXCEPT in a star of one table",
        "SELECT o.order_id, c.* EXCEPT (id) FROM (SELECT order_id, customer_id AS id FROM orders) o "
        "RIGHT JOIN customers c USING (id)",
        (),
        "what is left out is the table's own column, not the one that USING makes",
    ),
    Case(
        "EXCEPT in a star of one table",
        "SELECT c.* EXCEPT (id) FROM customers c JOIN features f USING (id)",
        (),
        "what is left out is the table's own column, not the one that USING makes",
    ),
    Case(
        "EXCEPT in a star of one table",
        "SELECT f.* EXCEPT (active) FROM customers c LEFT JOIN (SELECT * FROM features WHERE active) f USING (id)",
        (),
        "a customer without features has NULL there",
    ),
    Case(
        "EXCEPT in a star of one table",
        "SELECT b.* EXCEPT (id) FROM customers a JOIN (SELECT id, order_id FROM customers JOIN orders "
        "ON customer_id = id) b USING (id)",
        ("order_id",),
        "the other columns stay",
    ),
    Case(
        "EXCEPT in a star of one table",
        "SELECT * EXCEPT (id) FROM (SELECT id, id AS again FROM customers)",
        ("again",),
        "the same column stays under its other name",
    ),
    Case(
        "the star of one table after USING",
        "WITH t (a, b, c) AS (SELECT o.* FROM (SELECT status, ts, order_id FROM orders) o "
        "LEFT JOIN items i USING (order_id)) SELECT c FROM (SELECT DISTINCT * FROM t) GROUP BY a, c",
        (),
        "the column of USING comes first, so that the last one is the time",
    ),
    Case(
        "the star of one table after USING",
        "WITH t (a, b) AS (SELECT o.* FROM (SELECT status, order_id FROM orders) o LEFT JOIN "
        "(SELECT order_id FROM items WHERE line = 1) i USING (order_id)) SELECT a FROM t",
        ("a",),
        "the column of USING comes first",
    ),
    Case(
        "the star of one table after USING",
        "WITH t (a, b) AS (SELECT o.* FROM (SELECT status, order_id FROM orders) o LEFT JOIN "
        "(SELECT order_id FROM items WHERE line = 1) i USING (order_id)) SELECT b FROM t",
        (),
        "the column of USING comes first",
    ),
    Case(
        "the star of one table after USING",
        "WITH t (a, b, c) AS (SELECT p.* FROM (SELECT motto, name, customer_id FROM profiles JOIN customers "
        "ON id = customer_id) p RIGHT JOIN accounts USING (customer_id) "
        "JOIN (SELECT code AS name FROM codes) USING (name)) SELECT a FROM t",
        ("a",),
        "a column that the first join hides comes before one that the second joins by",
    ),
    Case(
        "a frame of rows without an order",
        "SELECT name FROM customers "
        "QUALIFY count(*) OVER (PARTITION BY name ROWS BETWEEN CURRENT ROW AND CURRENT ROW) = 1",
        (),
        "each row counts itself alone",
    ),
    # Variables inside texts that are put together
    Case(
        "a variable between parts",
        "SELECT concat_ws('__cbx_var_between', order_id, line) AS k FROM items",
        (),
        "it may be empty",
    ),
    Case(
        "a variable between parts",
        "SELECT concat(order_id, '-__cbx_var_between', line) AS k FROM items",
        (),
        "what holds a variable is not taken apart",
    ),
    Case(
        "a variable as a prefix",
        "SELECT concat('__cbx_var_one', id) AS k FROM customers UNION ALL SELECT concat('J', order_id) FROM orders",
        (),
        "it may be the other prefix",
    ),
    Case(
        "a variable as a prefix",
        "SELECT concat('__cbx_var_one', CAST(id AS STRING)) AS k FROM customers",
        ("k",),
        "it is the same in every row",
    ),
    # Subqueries that read the rows around them
    Case(
        "a nested subquery",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(o.order_id) FROM orders o WHERE EXISTS "
        "(SELECT 1 FROM customers c WHERE c.id = i.line AND c.id = o.customer_id))",
        (),
        "its condition reads the outermost rows",
    ),
    Case(
        "a nested subquery",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(o.order_id) FROM orders o WHERE EXISTS "
        "(SELECT 1 FROM customers c WHERE c.id = o.customer_id))",
        ("line",),
        "its condition reads the rows of the subquery",
    ),
    Case(
        "a nested subquery",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(o.order_id) FROM orders o JOIN customers c "
        "ON o.customer_id = c.id AND (SELECT max(p.motto) FROM profiles p WHERE p.customer_id = i.line) = c.name)",
        (),
        "ON reads the outermost rows",
    ),
    Case(
        "a nested subquery",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(o.order_id) OVER (PARTITION BY i.line) FROM orders o "
        "LIMIT 1)",
        (),
        "the window reads the outer rows",
    ),
    Case(
        "a nested subquery",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(x) FROM orders o "
        "LATERAL VIEW explode(array(i.line)) AS x)",
        (),
        "the generator reads the outer rows",
    ),
    Case(
        "a subquery over an open table",
        "SELECT line FROM items i WHERE i.order_id = (SELECT count(*) FROM unlisted AS u WHERE line = 3)",
        (),
        "the table may have no such column",
    ),
    Case(
        "a subquery over an open table",
        "SELECT line FROM items i WHERE i.order_id = (SELECT count(*) FROM unlisted AS u WHERE u.line = 3)",
        ("line",),
        "the column is one of the table",
    ),
    Case(
        "a subquery over an open table",
        "SELECT line FROM items i WHERE i.order_id = (SELECT count(*) FROM (SELECT id FROM unlisted WHERE line = 3))",
        (),
        "the table may have no such column, at any depth",
    ),
    Case(
        "a subquery that is not understood",
        "SELECT line FROM items i WHERE i.order_id = (SELECT max(id) FROM range(i.line))",
        (),
        "it may read the rows around it",
    ),
    # NULL in subtotals
    Case(
        "an expression of a group",
        "SELECT n.k, m.code FROM (SELECT concat(code, 'x') AS k FROM codes GROUP BY GROUPING SETS "
        "((code, concat(code, 'x')), (code))) n FULL JOIN codes m ON m.code = n.k",
        (),
        "it is NULL in the sets without it",
    ),
    # What is NULL for values that are not
    Case(
        "a hash of unknown length",
        "SELECT n.h, m.meaning FROM (SELECT DISTINCT sha2(code, 999) AS h FROM codes) n "
        "FULL JOIN codes m ON m.code = n.h",
        (),
        "it is NULL for all",
    ),
    # Grouping sets and windows
    Case(
        "a grouping set that is given twice",
        "SELECT country, grouping_id() AS g, count(*) AS n FROM customers "
        "GROUP BY GROUPING SETS ((country), (country), ())",
        (),
        "each group comes twice",
    ),
    Case(
        "the number of a grouping set",
        "SELECT country, name, grouping_id(country, name) AS g FROM customers "
        "GROUP BY GROUPING SETS ((country), (name))",
        ("country, name, g",),
        "it is another one in each set",
    ),
    Case(
        "a rank",
        "SELECT kind, rank() OVER (PARTITION BY kind ORDER BY at) AS r FROM events",
        (),
        "rows of one time have one rank",
    ),
    # Types whose values may be equal and differ
    Case(
        "a collation",
        "SELECT DISTINCT a.place, b.place AS other FROM readings a JOIN readings b ON a.place = b.place",
        ("place, other",),
        "places that are equal may be spelled differently",
    ),
    Case(
        "an unknown type",
        "WITH RECURSIVE t AS (SELECT CAST(1 AS DECIMAL(10,2)) AS a UNION ALL SELECT a + 1 FROM t WHERE a < 5) "
        "SELECT x.a FROM (SELECT DISTINCT a FROM t) AS x JOIN (SELECT DISTINCT a FROM t) AS y ON x.a = y.a",
        (),
        "several values of it may compare as equal",
    ),
    # Joins that compare more than the merged columns
    Case(
        "coalesce of a full join",
        "SELECT coalesce(c.id, p.customer_id) AS k FROM customers c FULL JOIN profiles p "
        "ON c.id = p.customer_id AND c.country = 'DE'",
        (),
        "a customer of another country and a profile without a partner may have one number",
    ),
    Case(
        "coalesce in coalesce",
        "SELECT " + "coalesce(" * 30 + "coalesce(c.id, p.customer_id)" + ", p.customer_id)" * 30 + " AS k "
        "FROM customers c FULL JOIN profiles p ON c.id = p.customer_id",
        (),
        "each is read once",
    ),
    Case(
        "a stream that joins a table",
        "SELECT DISTINCT e.customer_id, c.name FROM STREAM events e LEFT JOIN customers c ON c.id = e.customer_id",
        ("customer_id, name",),
        "the name may change before the next event",
    ),
    # Generators
    Case(
        "a sequence of times",
        "SELECT order_id, explode(sequence(ts, ts + INTERVAL 2 HOURS, INTERVAL 1 HOUR)) AS t FROM orders",
        (),
        "some zones have an hour twice",
    ),
    Case(
        "the rows of stack",
        "SELECT order_id, stack(2, status, 'a', status, 'b') AS (x, y) FROM orders",
        ("order_id, y",),
        "one column is the same in both rows",
    ),
    # Versions that hold at a time
    Case(
        "a period",
        "SELECT e.order_id FROM (SELECT *, CAST(ts AS DATE) AS day FROM orders) e JOIN tiers t "
        "ON t.customer_id = e.customer_id AND e.day >= t.__START_AT AND (e.day < t.__END_AT OR t.__END_AT IS NULL)",
        ("order_id",),
        "one version of a customer's tier holds on a day",
    ),
    Case(
        "a period",
        "SELECT e.order_id FROM (SELECT *, CAST(ts AS DATE) AS day FROM orders) e JOIN tiers t "
        "ON t.customer_id = e.customer_id AND e.day >= t.__START_AT AND (e.day <= t.__END_AT OR t.__END_AT IS NULL)",
        (),
        "two versions hold on the day on which one ends",
    ),
    Case(
        "a period",
        "SELECT e.order_id FROM (SELECT *, CAST(ts AS DATE) AS day FROM orders) e JOIN tiers t "
        "ON e.day >= t.__START_AT AND (e.day < t.__END_AT OR t.__END_AT IS NULL)",
        (),
        "each customer has a version",
    ),
    Case(
        "a period",
        "SELECT DISTINCT t.customer_id, t.__START_AT FROM (SELECT CAST(ts AS DATE) AS day FROM orders) e JOIN tiers t "
        "ON e.day >= t.__START_AT AND (e.day < t.__END_AT OR t.__END_AT IS NULL)",
        ("customer_id, __START_AT",),
        "another day has another version",
    ),
    Case(
        "a period",
        "SELECT e.order_id FROM (SELECT *, CAST(ts AS DATE) AS day FROM orders) e JOIN tiers t "
        "ON t.tier = e.status AND e.day >= t.__START_AT AND (e.day < t.__END_AT OR t.__END_AT IS NULL)",
        (),
        "several customers have a tier on a day",
    ),
    Case(
        "a condition on a stream",
        "SELECT order_id, line FROM STREAM items WHERE order_id = (SELECT max(order_id) FROM orders)",
        ("order_id, line",),
        "the subquery has another result in another update",
    ),
    # Parts that are put together
    Case(
        "texts with a sign between them",
        "SELECT concat(a.code, '-', b.code) AS k FROM codes a CROSS JOIN codes b",
        (),
        "the first one may have the sign as well",
    ),
    Case(
        "a limited part",
        "SELECT order_id FROM orders UNION ALL (SELECT order_id FROM items LIMIT 1)",
        (),
        "its row may be one of the others",
    ),
    Case(
        "prefixes",
        "SELECT concat('a', code) AS k FROM codes UNION ALL SELECT concat('ab', code) FROM codes",
        (),
        "what begins with ab begins with a",
    ),
    Case(
        "prefixes",
        "SELECT DISTINCT concat('a', country) AS k FROM customers UNION ALL "
        "SELECT DISTINCT concat('b', country) FROM customers",
        (),
        "both may be NULL",
    ),
    Case(
        "parts of a table",
        "SELECT * FROM orders WHERE lower(status) LIKE 'a%' UNION ALL SELECT * FROM orders",
        (),
        "the second part is the whole",
    ),
    Case(
        "parts of a table",
        "SELECT * FROM orders WHERE main.f(status) UNION ALL SELECT * FROM orders WHERE NOT main.f(status)",
        (),
        "a function that is not known may answer differently when asked again",
    ),
    Case(
        "parts of two tables",
        "SELECT order_id FROM orders WHERE order_id > 5 UNION ALL SELECT order_id FROM items WHERE order_id <= 5",
        (),
        "the key of one is no key of the other",
    ),
    Case(
        "parts of a table in two orders",
        "SELECT order_id, customer_id FROM orders WHERE status = 'a' UNION ALL "
        "SELECT customer_id, order_id FROM orders WHERE status = 'b'",
        (),
        "the key is in two columns",
    ),
    # What sqlglot reads differently from Spark
    Case(
        "a chain of comparisons",
        "SELECT DISTINCT f.id, f.active, g.active AS other FROM features f JOIN features g ON f.id = g.id "
        "WHERE f.active = g.active > true",
        ("id, active, other",),
        "Spark compares from left to right",
    ),
    Case(
        "a chain of comparisons",
        "SELECT DISTINCT f.id, f.active, g.active AS other FROM features f JOIN features g ON f.id = g.id "
        "WHERE f.active = (g.active > true)",
        ("id, other",),
        "parentheses say what is compared",
    ),
    Case("a chain of comparisons", "SELECT id FROM features WHERE active = id IN (1, 2)", (), "IN tests all"),
    Case(
        "a version of a table",
        "SELECT order_id FROM orders@v1 WHERE status > 'b' UNION ALL SELECT order_id FROM orders WHERE status <= 'b'",
        (),
        "an order may have been in the other part",
    ),
    Case(
        "a natural join after a comma",
        "SELECT c.id, o.status FROM customers c, (SELECT DISTINCT status FROM orders) o "
        "NATURAL JOIN (SELECT id FROM features WHERE active) f",
        (),
        "it joins the last table alone, which has no column of that name",
    ),
    # Maps with a key that is there twice
    Case(
        "keys of a map",
        "SELECT order_id, explode(from_json(status, 'MAP<STRING, INT>')) AS (k, v) FROM orders",
        (),
        "a text may have a key twice, and so has the map",
    ),
    Case(
        "keys of a map",
        "SELECT order_id, explode(map_keys(from_json(status, 'MAP<STRING, INT>'))) AS k FROM orders",
        (),
        "a text may have a key twice, and so has the map",
    ),
    Case(
        "keys of a map",
        "SELECT order_id, explode(CAST(map(1.4, 'a', 1.3, 'b') AS MAP<INT, STRING>)) AS (k, v) FROM orders",
        (),
        "a cast makes two keys equal",
    ),
    Case(
        "keys of a map",
        "SELECT line, k, v FROM (SELECT DISTINCT line, from_json(product, 'MAP<STRING, INT>') AS m FROM items) "
        "LATERAL VIEW explode(transform_values(m, (k, v) -> v + 1)) t AS k, v",
        (),
        "a function that keeps the keys keeps each of them",
    ),
    Case(
        "keys of a map",
        "SELECT order_id, explode(transform_keys(map(1, 2), (k, v) -> v)) AS (k, v) FROM orders",
        ("order_id, k",),
        "it refuses a key that is there twice",
    ),
    # Subqueries that Spark replaces by their expressions
    Case(
        "a query without a table",
        "SELECT order_id FROM orders WHERE order_id = (SELECT CAST(rand() * 10 AS BIGINT))",
        ("order_id",),
        "each row draws a number",
    ),
    Case(
        "a query without a table",
        "SELECT order_id FROM orders WHERE order_id = (SELECT x FROM (SELECT CAST(rand() * 10 AS BIGINT) AS x))",
        ("order_id",),
        "each row draws a number",
    ),
    Case(
        "a query without a table",
        "SELECT order_id FROM orders WHERE CAST(ts AS DATE) = (SELECT current_date()) AND "
        "order_id = (SELECT CAST(5 AS BIGINT))",
        ("",),
        "it is the same number for all rows",
    ),
    Case(
        "a query without a table",
        "SELECT order_id FROM orders WHERE order_id = (SELECT CAST(max(id) * rand() AS BIGINT) FROM customers)",
        ("",),
        "a query of a table runs once",
    ),
)
