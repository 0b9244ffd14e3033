"""Queries and the keys of their results, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    rule: str
    query: str
    keys: tuple[str, ...]
    why: str


CASES = (
    # Filters and projections
    Case("a filter", "SELECT * FROM orders WHERE status = 'open'", ("order_id",), "rows left out break no key"),
    Case("a projection", "SELECT order_id AS nr FROM orders", ("nr",), "a new name is the same value"),
    Case("a projection", "SELECT status FROM orders", (), "the key is gone"),
    Case("a projection", "SELECT order_id + 1 AS next FROM orders", (), "other values may come out the same"),
    Case("a name in any case", "SELECT O.Order_ID FROM Orders AS o", ("order_id",), "names have no case"),
    Case(
        "a name in any case", "SELECT `order_id` FROM orders", ("order_id",), "quotes do not change what a name means"
    ),
    Case(
        "a cast", "SELECT CAST(order_id AS STRING) AS nr FROM orders", ("nr",), "the number can be told from its text"
    ),
    Case(
        "a cast", "SELECT 'O-' || order_id::STRING || '!' AS nr FROM orders", ("nr",), "what is put around it is known"
    ),
    Case("a cast", "SELECT CAST(order_id AS DECIMAL(30, 2)) AS nr FROM orders", ("nr",), "it has room for the number"),
    Case("a cast", "SELECT CAST(order_id AS INT) AS nr FROM orders", (), "it may have no room for the number"),
    Case("a cast", "SELECT CAST(order_id AS DOUBLE) AS nr FROM orders", (), "large numbers are rounded"),
    Case("a cast", "SELECT CAST(code AS INT) AS nr FROM codes", (), "the strings 7 and 07 are both the number 7"),
    Case("a cast", "SELECT concat(order_id::STRING, status) AS nr FROM orders", (), "1 and 11 are as 11 and 1"),
    Case("a column twice", "SELECT order_id AS a, order_id AS b FROM orders", ("a",), "both are the key; one is shown"),
    Case("EXCEPT in a star", "SELECT * EXCEPT (line) FROM items", (), "half of the key is left out"),
    Case(
        "REPLACE in a star",
        "SELECT * REPLACE (1 AS order_id) FROM orders",
        (),
        "what has the key's name is not the key",
    ),
    Case(
        "a constant", "SELECT * FROM items WHERE line = 1", ("order_id",), "a column that is fixed tells no rows apart"
    ),
    Case("a constant", "SELECT * FROM items WHERE line IN (1)", ("order_id",), "a list of one is that one"),
    Case("a constant", "SELECT * FROM items WHERE line IN (1, 2)", ("order_id, line",), "two values are not one"),
    Case("a constant", "SELECT * FROM items WHERE line IS NULL", ("order_id",), "NULL is one value"),
    Case(
        "a constant",
        "SELECT * FROM items WHERE line = 1 OR order_id = 3",
        ("order_id, line",),
        "either alone may fail to hold",
    ),
    Case("a constant", "SELECT * FROM items WHERE line <= 1", ("order_id, line",), "a line may be 0"),
    Case("a constant", "SELECT * FROM codes WHERE code = '7'", ("",), "the whole key is fixed: one row at most"),
    Case("a constant", "SELECT * FROM codes WHERE code = 7", ("code",), "the strings 7 and 07 both equal the number 7"),
    Case(
        "a constant",
        "SELECT meaning FROM codes WHERE code = 1 + 1",
        (),
        "a number that is worked out is no string either",
    ),
    Case("a constant", "SELECT id FROM features WHERE active", ("id",), "what is true has one value"),
    Case("a constant", "SELECT id FROM features WHERE NOT active", ("id",), "what is false has one value"),
    Case("a constant", "SELECT id FROM features WHERE active IS TRUE", ("id",), "what is true has one value"),
    Case("a constant", "SELECT id FROM features WHERE active IS NOT TRUE", (), "it may be false or NULL"),
    Case("a constant", "SELECT id FROM features WHERE NOT (NOT active)", ("id",), "twice not is not at all"),
    Case("a constant", "SELECT id FROM features WHERE active OR id = 1", (), "either alone may fail to hold"),
    Case("a constant", "SELECT order_id FROM items WHERE isnull(line)", ("order_id",), "NULL is one value"),
    Case("a constant", "SELECT order_id FROM items WHERE line <=> NULL", ("order_id",), "NULL is one value"),
    Case("a constant", "SELECT order_id FROM items WHERE isnotnull(line)", (), "what is not NULL may be anything"),
    Case(
        "a constant",
        "SELECT line FROM items WHERE order_id = CAST(9 * rand() AS INT)",
        (),
        "it is another number for each row",
    ),
    Case(
        "an equality",
        "SELECT line FROM items WHERE order_id = line",
        ("line",),
        "columns that are equal stand in for each other",
    ),
    Case(
        "an equality",
        "SELECT line FROM items WHERE NOT (order_id = line)",
        (),
        "what is not equal stands in for nothing",
    ),
    Case(
        "a column of columns",
        "SELECT line, x FROM (SELECT line, order_id, order_id + 1 AS x FROM items WHERE order_id = line)",
        ("line",),
        "what is made of a fixed column is fixed",
    ),
    Case("LIMIT", "SELECT status FROM orders ORDER BY ts LIMIT 1", ("",), "one row at most"),
    Case("LIMIT", "SELECT status FROM orders LIMIT 2", (), "two rows may agree"),
    Case("rows written out", "SELECT * FROM VALUES (1, 'a') AS v (x, y)", ("",), "one row"),
    Case("rows written out", "SELECT * FROM VALUES (1), (1) AS v (x)", (), "what is written may repeat"),
    # Joins
    Case(
        "an inner join",
        "SELECT o.order_id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id",
        ("order_id",),
        "an order finds one customer at most",
    ),
    Case(
        "an inner join",
        "SELECT c.id, p.motto FROM customers c JOIN profiles p ON p.customer_id = c.id",
        ("id",),
        "each side finds one partner at most, and the two keys are equal",
    ),
    Case(
        "an inner join",
        "SELECT o.order_id, e.at, e.kind FROM orders o JOIN events e ON e.customer_id = o.customer_id",
        (),
        "events have no key to combine with",
    ),
    Case(
        "an inner join",
        "SELECT o.order_id, c.id FROM orders o JOIN customers c ON c.country = o.status",
        ("order_id, id",),
        "the keys combine",
    ),
    Case(
        "half of a key",
        "SELECT o.order_id AS o, i.order_id AS i, i.line FROM orders o JOIN items i ON i.line = o.customer_id",
        ("o, i",),
        "the line is that of the order's customer",
    ),
    Case(
        "a key in parts",
        "SELECT o.order_id FROM orders o JOIN items i ON i.order_id = o.order_id AND i.line = 1",
        ("order_id",),
        "the condition fixes both columns of the key",
    ),
    Case(
        "a comparison of expressions",
        "SELECT o.order_id FROM orders o JOIN customers c ON c.id = o.customer_id + 1",
        ("order_id",),
        "an expression of the order has one value",
    ),
    Case(
        "a comparison of expressions",
        "SELECT o.order_id FROM orders o JOIN customers c ON c.id + 1 = o.customer_id",
        (),
        "two customers may come out the same",
    ),
    Case(
        "a name of two columns",
        "SELECT order_id FROM orders o JOIN items i ON i.order_id = o.order_id AND i.line = 1",
        (),
        "it is neither of them",
    ),
    Case(
        "a comparison within one side",
        "SELECT o.order_id FROM orders o JOIN items i ON i.line = i.order_id",
        (),
        "it says nothing of the order",
    ),
    Case(
        "a comparison within one side",
        "SELECT i.order_id, i.line FROM items i JOIN orders o ON o.order_id = o.customer_id + i.line",
        (),
        "which order is found depends on the order, too",
    ),
    Case(
        "types that differ",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = o.order_id",
        (),
        "the strings 7 and 07 both equal the number 7",
    ),
    Case(
        "types that differ",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = o.order_id + 1",
        (),
        "the strings 7 and 07 both equal the number 7",
    ),
    Case(
        "types that may differ",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = abs(o.order_id)",
        (),
        "it is not known that abs gives a number",
    ),
    Case(
        "types that are alike",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = concat(o.status, '-', CAST(o.order_id AS STRING))",
        ("order_id",),
        "strings are compared with strings",
    ),
    Case(
        "types that are alike",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = CASE WHEN o.ts IS NULL THEN o.status ELSE 'x' END",
        ("order_id",),
        "strings are compared with strings, whichever branch gives them",
    ),
    Case(
        "another order of letters",
        "SELECT o.order_id FROM orders o JOIN codes c ON c.code = upper(o.status COLLATE UTF8_LCASE)",
        (),
        "the codes a and A are equal there",
    ),
    Case(
        "a comma",
        "SELECT o.order_id, c.name FROM orders o, customers c WHERE c.id = o.customer_id",
        ("order_id",),
        "a comma and a condition are a join",
    ),
    Case("a cross join", "SELECT a.id, b.code FROM customers a CROSS JOIN codes b", ("id, code",), "the keys combine"),
    Case(
        "a cross join",
        "SELECT c.id, t.n FROM customers c CROSS JOIN (SELECT count(*) AS n FROM orders) t",
        ("id",),
        "one row multiplies nothing",
    ),
    Case(
        "a left join",
        "SELECT o.order_id, c.id FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
        ("order_id",),
        "an order stays once, with its customer or without",
    ),
    Case(
        "a left join",
        "SELECT o.order_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        (),
        "customers without orders all have NULL there",
    ),
    Case(
        "a left join",
        "SELECT p.customer_id FROM customers c LEFT JOIN profiles p ON p.customer_id = c.id",
        (),
        "customers without a profile all have NULL there",
    ),
    Case(
        "a left join",
        "SELECT c.id, o.order_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        ("id, order_id",),
        "the keys combine",
    ),
    Case(
        "a left join with a filter",
        "SELECT o.order_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.order_id IS NOT NULL",
        ("order_id",),
        "without the rows that found nothing it is an inner join",
    ),
    Case(
        "a left join for what is missing",
        "SELECT a.customer_id FROM accounts a LEFT JOIN events e ON e.customer_id <=> a.customer_id "
        "WHERE e.customer_id IS NULL",
        (),
        "events of no customer are found as well, by NULL",
    ),
    Case(
        "a left join for what is missing",
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.customer_id IS NULL",
        ("id",),
        "only customers without an order are left, each once",
    ),
    Case(
        "a left join for what is missing",
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.status IS NULL",
        (),
        "an order may have no status",
    ),
    Case(
        "a left join",
        "SELECT DISTINCT p.customer_id, p.motto FROM customers c LEFT JOIN profiles p ON p.motto = c.name",
        ("customer_id, motto",),
        "the profile of no customer and a customer without a profile both have NULL there",
    ),
    Case(
        "a left join",
        "SELECT o.order_id, i.line FROM orders o LEFT JOIN items i ON i.order_id = o.order_id AND o.order_id = 1",
        ("order_id, line",),
        "its condition says nothing of the rows that stay",
    ),
    Case(
        "an anti join",
        "SELECT order_id, line FROM items i LEFT ANTI JOIN orders o ON o.order_id = i.order_id AND i.line = 1",
        ("order_id, line",),
        "its condition is what does not hold",
    ),
    Case(
        "a right join",
        "SELECT c.id, o.order_id FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id",
        ("id, order_id",),
        "customers without an order stay",
    ),
    Case(
        "a right join",
        "SELECT o.order_id FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id",
        (),
        "customers without an order all have NULL there",
    ),
    Case(
        "a right join",
        "SELECT o.order_id, c.id FROM customers c RIGHT JOIN orders o ON o.customer_id = c.id",
        ("order_id",),
        "a left join, read from the other side",
    ),
    Case(
        "a full join",
        "SELECT c.id, o.order_id FROM customers c FULL JOIN orders o ON o.customer_id = c.id",
        ("id, order_id",),
        "keys combine, and one that is never NULL tells the two kinds of lone rows apart",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT count(*) AS k FROM events GROUP BY customer_id)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        ("k, customer_id",),
        "count is never NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT max(customer_id) AS k FROM events GROUP BY kind)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        (),
        "max is NULL where all values are",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT greatest(customer_id, order_id) AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        ("k, customer_id",),
        "greatest is NULL only if all of its arguments are",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT greatest(customer_id, NULL) AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        (),
        "all arguments of greatest may be NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT coalesce(customer_id, order_id) AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        ("k, customer_id",),
        "one of the arguments of coalesce is never NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT coalesce(customer_id, NULL) AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        (),
        "all arguments of coalesce may be NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.name FROM (SELECT DISTINCT k FROM "
        "(SELECT concat(code, '-') AS k FROM codes)) n "
        "FULL JOIN (SELECT DISTINCT name FROM customers) p ON p.name = n.k",
        ("k, name",),
        "no argument of concat is NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.name FROM (SELECT DISTINCT k FROM "
        "(SELECT concat(code, meaning) AS k FROM codes)) n "
        "FULL JOIN (SELECT DISTINCT name FROM customers) p ON p.name = n.k",
        (),
        "concat is NULL if one of its arguments is",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT order_id + line AS k FROM items)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        ("k, customer_id",),
        "a sum of whole numbers is NULL only for NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT order_id + customer_id AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        (),
        "one side of the sum may be NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT CASE status WHEN 'new' THEN 1 ELSE order_id END AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        ("k, customer_id",),
        "no branch is NULL",
    ),
    Case(
        "a full join",
        "SELECT n.k, p.customer_id FROM (SELECT DISTINCT k FROM "
        "(SELECT CASE status WHEN 'new' THEN customer_id ELSE order_id END AS k FROM orders)) n "
        "FULL JOIN profiles p ON p.customer_id = n.k",
        (),
        "a branch may be NULL",
    ),
    Case(
        "a full join",
        "SELECT p.customer_id AS p, a.customer_id AS a FROM profiles p FULL JOIN accounts a ON a.bank = p.motto",
        (),
        "a lone profile and a lone account of no customer look the same",
    ),
    Case(
        "a full join",
        "SELECT DISTINCT p.customer_id, p.motto FROM profiles p FULL JOIN codes k ON k.code = p.motto",
        ("customer_id, motto",),
        "the profile of no customer and a code without a profile both have NULL there",
    ),
    Case(
        "USING in a full join",
        "SELECT customer_id FROM (SELECT id AS customer_id FROM customers) FULL JOIN profiles USING (customer_id)",
        ("customer_id",),
        "a customer on both sides is one row, and NULL is on one side only",
    ),
    Case(
        "USING in a full join",
        "SELECT customer_id FROM profiles FULL JOIN accounts USING (customer_id)",
        (),
        "a NULL on either side makes two rows",
    ),
    Case(
        "USING in a full join",
        "SELECT customer_id FROM events FULL JOIN (SELECT id AS customer_id FROM customers) USING (customer_id)",
        (),
        "a customer has several events",
    ),
    Case(
        "USING in a full join",
        "SELECT customer_id FROM (SELECT id AS customer_id FROM customers) FULL JOIN events USING (customer_id)",
        (),
        "a customer has several events, read from the other side",
    ),
    Case(
        "coalesce in a full join",
        "SELECT coalesce(p.customer_id, c.id) AS nr FROM customers c FULL JOIN profiles p ON c.id = p.customer_id",
        ("nr",),
        "what USING would make of the two",
    ),
    Case(
        "coalesce in a full join",
        "SELECT coalesce(c.id, a.customer_id) AS nr FROM customers c FULL JOIN profiles p ON c.id = p.customer_id "
        "FULL JOIN accounts a ON a.customer_id = p.customer_id",
        (),
        "an account finds no profile but the same customer",
    ),
    Case(
        "coalesce in a full join",
        "SELECT coalesce(c.id, p.customer_id, a.customer_id) AS nr FROM customers c FULL JOIN profiles p "
        "ON c.id = p.customer_id FULL JOIN accounts a ON a.customer_id = coalesce(c.id, p.customer_id)",
        (),
        "both a profile and an account of no customer may be there",
    ),
    Case(
        "coalesce in a full join",
        "SELECT coalesce(c.id, p.customer_id, o.order_id) AS nr FROM customers c FULL JOIN profiles p "
        "ON c.id = p.customer_id FULL JOIN orders o ON o.order_id = coalesce(c.id, p.customer_id)",
        ("nr",),
        "one after the other",
    ),
    Case(
        "USING",
        "SELECT * FROM profiles JOIN accounts USING (customer_id)",
        ("customer_id",),
        "one column of two that are equal",
    ),
    Case(
        "USING",
        "SELECT a.b FROM (SELECT customer_id, customer_id AS b FROM profiles) a JOIN accounts USING (customer_id)",
        ("b",),
        "the same column under another name",
    ),
    Case(
        "USING",
        "SELECT customer_id FROM accounts RIGHT JOIN events USING (customer_id)",
        (),
        "the column shown is that of the side that stays",
    ),
    Case(
        "USING",
        "SELECT customer_id FROM profiles RIGHT JOIN accounts USING (customer_id)",
        ("customer_id",),
        "the column shown is that of the side that stays",
    ),
    Case(
        "NATURAL",
        "SELECT * FROM profiles NATURAL LEFT JOIN accounts",
        ("customer_id",),
        "USING all columns of one name",
    ),
    Case(
        "a semi join",
        "SELECT id FROM customers c LEFT SEMI JOIN orders o ON o.customer_id = c.id",
        ("id",),
        "it only leaves rows out",
    ),
    Case(
        "an anti join",
        "SELECT id FROM customers c LEFT ANTI JOIN orders o ON o.customer_id = c.id",
        ("id",),
        "it only leaves rows out",
    ),
    Case(
        "EXISTS",
        "SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
        ("id",),
        "a subquery in WHERE only leaves rows out",
    ),
    Case(
        "IN with a subquery",
        "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders)",
        ("id",),
        "a subquery in WHERE only leaves rows out",
    ),
    # Grouping
    Case(
        "GROUP BY",
        "SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id",
        ("customer_id",),
        "a row a group",
    ),
    Case("GROUP BY", "SELECT count(*) AS n FROM orders GROUP BY customer_id", (), "the group is not shown"),
    Case(
        "GROUP BY ALL", "SELECT status, count(*) AS n FROM orders GROUP BY ALL", ("status",), "what is not aggregated"
    ),
    Case("GROUP BY 1", "SELECT status AS s, count(*) AS n FROM orders GROUP BY 1", ("s",), "a number is a position"),
    Case("GROUP BY an alias", "SELECT lower(status) AS s, count(*) AS n FROM orders GROUP BY s", ("s",), "as written"),
    Case(
        "grouping sets of a column under two names",
        "SELECT s FROM (SELECT DISTINCT s, t FROM (SELECT status AS s, status AS t FROM orders) GROUP BY CUBE (s, t))",
        (),
        "rows that agree in one of them may differ in the other, which a set leaves out",
    ),
    Case(
        "AGGREGATE of a pipe",
        "FROM orders |> AGGREGATE count(*) AS n GROUP BY lower(status) AS status",
        ("status",),
        "the name is of what is grouped by, though a column has it too",
    ),
    Case(
        "GROUP BY an expression",
        "SELECT to_date(ts) AS day, count(*) AS n FROM orders GROUP BY to_date(ts)",
        ("day",),
        "the same expression is the same value",
    ),
    Case(
        "GROUP BY an expression",
        "SELECT year(to_date(ts)) AS y, count(*) AS n FROM orders GROUP BY to_date(ts)",
        (),
        "days of one year are not told apart",
    ),
    Case(
        "GROUP BY a key and its attributes",
        "SELECT c.id, c.name, count(*) AS n FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY ALL",
        ("id",),
        "a customer has one name",
    ),
    Case(
        "GROUP BY a reference and what it finds",
        "SELECT o.customer_id, c.name, count(*) AS n FROM orders o LEFT JOIN customers c ON c.id = o.customer_id "
        "GROUP BY o.customer_id, c.name",
        ("customer_id",),
        "a customer number finds one name or none",
    ),
    Case(
        "GROUP BY a reference and what it finds",
        "SELECT o.customer_id, c.name, count(*) AS n FROM orders o "
        "LEFT JOIN customers c ON c.id = o.customer_id AND rand() < 0.5 GROUP BY o.customer_id, c.name",
        ("customer_id, name",),
        "by chance it finds one or none",
    ),
    Case("no GROUP BY", "SELECT count(*) AS n, max(ts) AS last FROM orders", ("",), "one row in all"),
    Case(
        "HAVING",
        "SELECT status FROM orders GROUP BY status HAVING count(*) > 1",
        ("status",),
        "it only leaves rows out",
    ),
    Case(
        "ROLLUP",
        "SELECT x, count(*) AS n FROM "
        "(SELECT c.id AS x FROM orders o LEFT JOIN customers c ON c.id = o.customer_id) GROUP BY ROLLUP (x)",
        (),
        "an order without a customer has NULL there",
    ),
    Case(
        "a name that is also an alias",
        "SELECT upper(status) AS status, count(*) AS n FROM orders GROUP BY status",
        (),
        "the column is meant, not the alias",
    ),
    Case(
        "ROLLUP",
        "SELECT x, count(*) AS n FROM (SELECT NULL AS x FROM customers) GROUP BY ROLLUP (x)",
        (),
        "the NULL of the rows and that of the sum are alike",
    ),
    Case(
        "ROLLUP",
        "SELECT order_id, line, count(*) AS n FROM items GROUP BY ROLLUP (order_id, line)",
        ("order_id, line",),
        "columns without NULL of their own: NULL means a total",
    ),
    Case(
        "ROLLUP",
        "SELECT status, count(*) AS n FROM orders GROUP BY ROLLUP (status)",
        (),
        "the orders without a status and the total look the same",
    ),
    Case(
        "ROLLUP",
        "SELECT line, count(*) AS n FROM (SELECT line FROM items GROUP BY ROLLUP (line)) GROUP BY ROLLUP (line)",
        (),
        "the inner total is a NULL of the data for the outer one",
    ),
    Case(
        "ROLLUP",
        "SELECT line, count(*) AS n FROM (SELECT line FROM items UNION ALL SELECT customer_id FROM orders) "
        "GROUP BY ROLLUP (line)",
        (),
        "the second input has NULLs of its own",
    ),
    Case(
        "CUBE",
        "SELECT status, customer_id, grouping_id() AS g, count(*) AS n FROM orders GROUP BY CUBE (status, customer_id)",
        ("status, customer_id, g",),
        "grouping_id() tells a total from a NULL",
    ),
    Case(
        "GROUPING SETS",
        "SELECT line, count(*) AS n FROM items GROUP BY GROUPING SETS ((line), (line))",
        (),
        "the same set twice gives each group twice",
    ),
    Case(
        "DISTINCT", "SELECT DISTINCT status, customer_id FROM orders", ("status, customer_id",), "all columns together"
    ),
    Case("DISTINCT", "SELECT DISTINCT order_id, status FROM orders", ("order_id",), "the key alone is enough"),
    Case("DISTINCT", "SELECT DISTINCT * FROM elsewhere", (), "columns that are not known may tell rows apart"),
    # Windows
    Case(
        "the first of each",
        "SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY kind ORDER BY at) = 1",
        ("kind",),
        "a number occurs once in a partition",
    ),
    Case(
        "the first of each",
        "SELECT kind FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY at) AS n FROM events) WHERE n < 2",
        ("kind",),
        "numbers begin with 1",
    ),
    Case(
        "the first of each",
        "SELECT kind, at FROM events QUALIFY row_number() OVER (PARTITION BY kind ORDER BY at) <= 2",
        (),
        "two rows of a kind",
    ),
    Case(
        "row_number",
        "SELECT kind, row_number() OVER (PARTITION BY kind ORDER BY at) AS n FROM events",
        ("kind, n",),
        "a number occurs once in a partition",
    ),
    Case(
        "QUALIFY count",
        "SELECT kind FROM events QUALIFY count(customer_id) OVER (PARTITION BY kind) = 1",
        (),
        "rows without a customer are not counted",
    ),
    Case(
        "a window by the name of another",
        "SELECT kind, row_number() OVER b AS nr FROM events WINDOW a AS (PARTITION BY kind ORDER BY at), b AS a",
        ("kind, nr",),
        "it has the other's partitions",
    ),
    Case(
        "a window by a name that nothing has",
        "SELECT kind, row_number() OVER two AS nr FROM events WINDOW two AS one",
        (),
        "its partitions are not known",
    ),
    Case(
        "rank",
        "SELECT * FROM events QUALIFY rank() OVER (PARTITION BY kind ORDER BY at) = 1",
        (),
        "rows that tie have the same rank",
    ),
    Case(
        "the first of each",
        "SELECT DISTINCT kind, n FROM (SELECT kind, max(customer_id) OVER (PARTITION BY kind ORDER BY at) AS n "
        "FROM events) WHERE n <= 1",
        ("kind, n",),
        "a largest number so far may be less than 1",
    ),
    Case(
        "the only ones",
        "SELECT * FROM events QUALIFY count(*) OVER (PARTITION BY kind) = 1",
        ("kind",),
        "a partition of one row",
    ),
    Case(
        "the only ones",
        "SELECT kind, count(*) OVER (PARTITION BY kind) AS n FROM events",
        (),
        "partitions of several rows are there as well",
    ),
    Case(
        "a value of the partition",
        "SELECT DISTINCT kind, max(at) OVER (PARTITION BY kind) AS last FROM events",
        ("kind",),
        "all rows of a partition have the same",
    ),
    # Set operations
    Case("UNION ALL", "SELECT id FROM customers UNION ALL SELECT order_id FROM orders", (), "both may have the same"),
    Case(
        "UNION ALL of what filters tell apart",
        "SELECT id FROM features WHERE active UNION ALL SELECT id FROM features WHERE NOT active",
        (),
        "what tells them apart is left out",
    ),
    Case(
        "UNION ALL of what filters tell apart",
        "SELECT * FROM features WHERE active UNION ALL SELECT * FROM features WHERE NOT active",
        ("id, active",),
        "true is not false",
    ),
    Case(
        "UNION ALL of what filters tell apart",
        "SELECT * FROM addresses WHERE __START_AT = '2024-01-01' "
        "UNION ALL SELECT * FROM addresses WHERE __START_AT = '2024-1-1'",
        (),
        "both are the same day",
    ),
    Case(
        "UNION ALL of what filters tell apart",
        "SELECT * FROM items WHERE line = '7' UNION ALL SELECT * FROM items WHERE line = '07'",
        (),
        "both are the same number",
    ),
    Case(
        "UNION ALL of what filters tell apart",
        "SELECT * FROM items WHERE line = 7 UNION ALL SELECT * FROM items WHERE line = 8",
        ("order_id, line",),
        "7 is not 8",
    ),
    Case(
        "UNION ALL of what literals tell apart",
        "SELECT TRUE AS here, id FROM customers UNION ALL SELECT FALSE, id FROM customers",
        ("here, id",),
        "true is not false",
    ),
    Case(
        "UNION ALL of what literals tell apart",
        "SELECT CAST('a' AS STRING) AS s, id FROM customers UNION ALL SELECT 'b', id FROM customers",
        ("s, id",),
        "a string is one already",
    ),
    Case(
        "UNION ALL of what literals tell apart",
        "SELECT 1 AS s, id FROM customers UNION ALL SELECT 1.0, id FROM customers",
        (),
        "both are the same number",
    ),
    Case(
        "UNION ALL of types that differ",
        "SELECT 'o' AS s, order_id AS nr FROM orders "
        "UNION ALL SELECT 'c', nr FROM (SELECT DISTINCT CAST(id AS DOUBLE) AS nr FROM customers)",
        (),
        "large numbers are rounded when they become doubles",
    ),
    Case(
        "UNION ALL of what literals tell apart",
        "SELECT CAST('1.2' AS INT) AS s, id FROM customers UNION ALL SELECT CAST('1.4' AS INT), id FROM customers",
        (),
        "both are 1",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT 'c' AS what, id FROM customers UNION ALL SELECT 'o', order_id FROM orders",
        ("what, id",),
        "the literal tells the two apart",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT 'c' AS what, id FROM customers UNION ALL SELECT 'c', order_id FROM orders",
        (),
        "the same literal tells nothing",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT status, order_id FROM orders WHERE status = 'a' UNION ALL SELECT status, order_id FROM orders WHERE "
        "status = 'b'",
        ("order_id",),
        "a filter fixes a literal too",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT k.what, o.order_id FROM orders o LEFT JOIN (SELECT 'a' AS what, id FROM customers) k "
        "ON k.id = o.customer_id UNION ALL SELECT NULL, order_id FROM orders",
        (),
        "a left join may put NULL in the literal's place",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT 1 AS what, id FROM customers UNION ALL SELECT 2, order_id FROM orders "
        "UNION ALL SELECT 2, id FROM customers",
        (),
        "two of the three are not told apart",
    ),
    Case(
        "UNION ALL with a literal",
        "SELECT 1 AS what, order_id FROM orders UNION ALL SELECT 2, order_id FROM items",
        (),
        "the second input has several rows for an order",
    ),
    Case("UNION", "SELECT status FROM orders UNION SELECT kind FROM events", ("status",), "each row once"),
    Case(
        "INTERSECT",
        "SELECT id FROM customers INTERSECT ALL SELECT customer_id FROM events",
        ("id",),
        "rows of the first",
    ),
    Case("EXCEPT", "SELECT id FROM customers EXCEPT ALL SELECT customer_id FROM events", ("id",), "rows of the first"),
    Case(
        "EXCEPT",
        "SELECT customer_id FROM events EXCEPT ALL SELECT id FROM customers",
        (),
        "the second's keys do not count",
    ),
    Case("EXCEPT", "SELECT kind FROM events EXCEPT SELECT status FROM orders", ("kind",), "each row once"),
    # Rows made of rows
    Case("explode", "SELECT order_id, line, tag FROM items LATERAL VIEW explode(tags) AS tag", (), "a tag may repeat"),
    Case(
        "posexplode",
        "SELECT order_id, line, pos, tag FROM items LATERAL VIEW posexplode(tags) AS pos, tag",
        ("order_id, line, pos",),
        "a position occurs once in a row",
    ),
    Case(
        "posexplode",
        "SELECT order_id, line, posexplode(tags) AS (pos, tag) FROM items",
        ("order_id, line, pos",),
        "a position occurs once in a row",
    ),
    Case("a generator inside", "SELECT order_id, line, explode(tags).x AS x FROM items", (), "not understood"),
    Case(
        "windows of time that overlap",
        "SELECT order_id, window(ts, '1 hour', '30 minutes') AS w FROM orders",
        (),
        "a row is in several windows, and which is not understood",
    ),
    Case(
        "windows of time that overlap",
        "SELECT order_id, window(ts, '1 hour', '30 minutes') AS w, count(*) AS n FROM orders GROUP BY ALL",
        ("order_id, w",),
        "a row is in several windows",
    ),
    # Versions of type 2
    Case("versions", "SELECT * FROM addresses", ("customer_id, __START_AT",), "a version of a customer's address"),
    Case("versions", "SELECT * FROM addresses WHERE __END_AT IS NULL", ("customer_id",), "the version that holds now"),
    Case(
        "versions",
        "SELECT c.id, a.city FROM customers c LEFT JOIN addresses a ON a.customer_id = c.id AND a.__END_AT IS NULL",
        ("id",),
        "a customer finds one address that holds now",
    ),
    Case(
        "versions",
        "SELECT c.id, a.city FROM customers c LEFT JOIN addresses a ON a.customer_id = c.id WHERE a.__END_AT IS NULL",
        ("id",),
        "what WHERE leaves out cannot multiply",
    ),
    Case(
        "versions",
        "SELECT a.customer_id FROM addresses a LEFT JOIN customers c ON c.id = a.customer_id AND a.__END_AT IS NULL",
        (),
        "the condition of a left join leaves out no row of the left",
    ),
    Case(
        "versions",
        "SELECT a.customer_id FROM customers c RIGHT JOIN addresses a ON c.id = a.customer_id AND a.__END_AT IS NULL",
        (),
        "nor that of a right join one of the right",
    ),
    Case(
        "versions",
        "SELECT a.customer_id FROM addresses a ANTI JOIN customers c ON c.id = a.customer_id AND a.__END_AT IS NULL",
        (),
        "what an anti join leaves does not fulfil its condition",
    ),
    Case(
        "versions",
        "WITH now AS (SELECT * FROM addresses) SELECT customer_id, city FROM now WHERE __end_at IS NULL",
        ("customer_id",),
        "a condition counts for the table below",
    ),
    # Queries in queries
    Case(
        "WITH, used twice",
        "WITH t AS (SELECT id, name FROM customers) SELECT a.id, b.id AS other FROM t a JOIN t b ON a.name = b.name",
        ("id, other",),
        "two rows of one query are two rows",
    ),
    Case(
        "WITH, used twice",
        "WITH t AS (SELECT id, name FROM customers) SELECT a.id, b.name FROM t a JOIN t b ON a.id = b.id",
        ("id",),
        "each finds itself",
    ),
    Case(
        "WITH RECURSIVE",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
        (),
        "not understood",
    ),
    Case("a table of unknown columns", "SELECT * FROM unlisted WHERE x > 1", ("id",), "its key is known all the same"),
    Case(
        "a pivot",
        "SELECT * FROM orders PIVOT (count(ts) FOR status IN ('a', 'b'))",
        ("order_id",),
        "it groups by what it does not name; that holds the key",
    ),
    Case(
        "a pivot",
        "SELECT o.order_id FROM orders o LEFT SEMI JOIN customers c ON c.id = o.customer_id "
        "UNPIVOT (v FOR k IN (status, ts))",
        (),
        "it turns what the join made, not the table before it",
    ),
    Case("a table function", "SELECT * FROM range(10)", (), "not understood"),
    Case(
        "a function that changes",
        "SELECT rand() AS r, count(*) AS n FROM orders GROUP BY ALL",
        ("r",),
        "a group is a group",
    ),
    Case(
        "the time of day",
        "SELECT DISTINCT status, current_timestamp() AS now FROM orders",
        ("status",),
        "it is one while a query runs",
    ),
    Case(
        "the time of day",
        "SELECT DISTINCT status, current_timestamp() AS now FROM STREAM(orders)",
        ("status, now",),
        "a stream's rows come at different times",
    ),
    Case(
        "a stream",
        "SELECT DISTINCT o.customer_id, c.name FROM STREAM(orders) o JOIN customers c ON c.id = o.customer_id",
        ("customer_id, name",),
        "the name may change between two orders",
    ),
    Case(
        "a stream",
        "SELECT o.order_id, c.name FROM STREAM(orders) o LEFT JOIN customers c ON c.id = o.customer_id",
        ("order_id",),
        "an order is joined once",
    ),
    # Equality, time and chance
    Case(
        "equal values that differ",
        "SELECT DISTINCT value, CAST(value AS STRING) AS text FROM readings",
        ("value, text",),
        "0.0 and -0.0 are equal, their texts are not",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT sensor, CAST(sensor AS STRING) AS text FROM readings",
        ("sensor",),
        "equal whole numbers are the same",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT value, text FROM (SELECT value, 1 / value AS text FROM readings) UNION SELECT value, 1 / "
        "value FROM readings",
        ("value, text",),
        "a set operation compares for equality",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT place, length(place) AS size FROM readings",
        ("place, size",),
        "a collation takes other texts as equal",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT upper(place) AS p, length(p) AS h FROM readings",
        ("p, h",),
        "what is made of a text has its collation",
    ),
    Case(
        "equal values that differ",
        "SELECT upper(place) AS p, sha2(upper(place), 256) AS h FROM readings GROUP BY 1, 2",
        ("p, h",),
        "a group is as its text",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT upper(note) AS p, length(p) AS h FROM readings",
        ("p",),
        "a text without a collation is equal to itself alone",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT labels, map_keys(labels) AS k FROM readings",
        ("labels, k",),
        "equal maps may have another order",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT parts, size(parts) AS n FROM readings",
        ("parts",),
        "equal arrays of whole numbers are the same",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT array(value) AS a, CAST(value AS STRING) AS s FROM readings",
        ("a, s",),
        "an array is as its elements",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT x, upper(x) AS u FROM unlisted",
        ("x, u",),
        "a type that is not known may be any",
    ),
    Case(
        "equal values that differ",
        "SELECT id, upper(id) AS u FROM unlisted",
        ("id",),
        "a key leaves no two rows to tell apart",
    ),
    Case(
        "equal values that differ",
        "SELECT a.value, CAST(b.value AS STRING) AS s, count(*) AS n FROM readings a JOIN readings b ON a.value = "
        "b.value GROUP BY 1, 2",
        ("value, s",),
        "a column that is equal to another is not the same",
    ),
    Case(
        "equal values that differ",
        "SELECT a.sensor, CAST(b.sensor AS STRING) AS s, count(*) AS n FROM readings a JOIN readings b ON "
        "a.sensor = b.sensor GROUP BY 1, 2",
        ("sensor",),
        "equal whole numbers are the same",
    ),
    Case(
        "equal values that differ",
        "SELECT value, 1 / value AS s FROM readings WHERE value = 0 GROUP BY value, 1 / value",
        ("s",),
        "what equals a literal need not be that literal",
    ),
    Case(
        "equal values that differ",
        "SELECT id, CAST(v AS STRING) AS s, count(*) AS n FROM (SELECT o.order_id AS id, CAST(o.customer_id AS "
        "DOUBLE) AS v FROM orders o JOIN items i ON i.order_id = o.order_id) GROUP BY 1, 2",
        ("id",),
        "a key fixes the value itself",
    ),
    Case(
        "equal values that differ",
        "SELECT a.value, c.meaning FROM (SELECT DISTINCT value FROM readings) a LEFT JOIN codes c ON c.code = "
        "CAST(a.value AS STRING)",
        ("value",),
        "a row finds one code, whatever others find",
    ),
    Case(
        "equal values that differ",
        "SELECT a.value, c.meaning FROM readings a LEFT JOIN codes c ON c.code = CAST(a.value AS STRING) GROUP BY 1, 2",
        ("value, meaning",),
        "0.0 finds another code than -0.0",
    ),
    Case(
        "equal values that differ",
        "SELECT a.note, c.meaning FROM readings a LEFT JOIN codes c ON c.code = upper(a.note) GROUP BY 1, 2",
        ("note",),
        "the same text finds the same code",
    ),
    Case(
        "equal values that differ",
        "SELECT note, v FROM (SELECT note, max(value) OVER (PARTITION BY note) AS v FROM readings) GROUP BY 1, 2",
        ("note",),
        "a partition has one greatest value",
    ),
    Case(
        "a date and a time",
        "SELECT DISTINCT CAST(day AS TIMESTAMP) AS t, day FROM readings",
        ("day",),
        "a zone may have skipped a day",
    ),
    Case(
        "a date and a time",
        "SELECT DISTINCT at, day FROM readings WHERE at = day",
        ("day",),
        "a date fixes the time at which it starts",
    ),
    Case(
        "a date and a time",
        "SELECT DISTINCT CAST(day AS TIMESTAMP_NTZ) AS t, day FROM readings",
        ("t",),
        "without a zone there is a time for each day",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.top FROM STREAM(orders) o JOIN (SELECT id, max(name) OVER () AS top "
        "FROM customers) t ON t.id = o.customer_id",
        ("customer_id, top",),
        "the greatest name is another one later",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.n FROM STREAM(orders) o CROSS JOIN (SELECT count(*) AS n FROM customers) t",
        ("customer_id, n",),
        "a count is another one later",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.name FROM STREAM(orders) o CROSS JOIN (SELECT a.id, b.name FROM "
        "customers a CROSS JOIN (SELECT name FROM customers LIMIT 1) b) t",
        ("customer_id, name",),
        "the first row is another one later",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.d FROM STREAM(orders) o JOIN (SELECT id, current_date() AS d FROM "
        "customers) t ON t.id = o.customer_id",
        ("customer_id, d",),
        "a day goes by",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.next FROM STREAM(orders) o JOIN (SELECT id, id + 1 AS next FROM "
        "customers) t ON t.id = o.customer_id",
        ("customer_id",),
        "a function of a row's own columns lasts",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, t.one FROM STREAM(orders) o JOIN (SELECT id, 1 AS one FROM customers) t "
        "ON t.id = o.customer_id",
        ("customer_id",),
        "a literal lasts",
    ),
    Case(
        "a stream and a table",
        "SELECT c.id FROM customers c FULL JOIN STREAM(orders) o ON o.customer_id = c.id AND o.order_id = 1",
        (),
        "a row without a partner comes each time",
    ),
    Case(
        "a stream and a table",
        "SELECT c.id, o.order_id FROM customers c LEFT JOIN STREAM(orders) o ON o.customer_id = c.id",
        (),
        "a row without a partner comes each time",
    ),
    Case(
        "a stream and a table",
        "SELECT c.id FROM customers c LEFT SEMI JOIN STREAM(orders) o ON o.customer_id = c.id",
        (),
        "a row that stays is seen each time",
    ),
    Case(
        "a stream and a table",
        "SELECT 1 AS s, id FROM customers UNION ALL SELECT 2, order_id FROM STREAM(orders)",
        (),
        "the table may be read each time",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT s.id, t.top FROM (SELECT customer_id AS id FROM STREAM(orders) TABLESAMPLE (5 ROWS)) s "
        "JOIN (SELECT id, max(name) OVER () AS top FROM customers) t ON t.id = s.id",
        ("id, top",),
        "what is made of a stream is a stream",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT t.top, s.kind FROM (SELECT e.kind, c.id FROM customers c FULL JOIN STREAM(events) e ON "
        "e.customer_id = c.id) s JOIN (SELECT id, max(name) OVER () AS top FROM customers) t ON t.id = s.id",
        ("top, kind",),
        "a full join with a stream is a stream",
    ),
    Case(
        "a stream and a table",
        "SELECT id, n FROM (SELECT DISTINCT c.id, n FROM customers c JOIN (SELECT x, max(x) OVER () AS n FROM "
        "STREAM (SELECT 1 AS x)) s ON s.x = c.id)",
        (),
        "a stream that is not understood may be any",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, o.ts FROM STREAM(orders) o JOIN codes c ON c.code = o.status AND "
        "o.ts = (SELECT max(at) FROM events)",
        ("customer_id, ts",),
        "the maximum is another one for rows that come later",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, o.ts FROM orders o JOIN codes c ON c.code = o.status AND "
        "o.ts = (SELECT max(at) FROM events)",
        ("customer_id",),
        "without a stream there is one maximum",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT o.customer_id, o.ts FROM orders o LEFT SEMI JOIN STREAM(codes) c ON c.code = o.status AND "
        "o.ts = (SELECT max(at) FROM events)",
        ("customer_id, ts",),
        "the table is read again for each part of the stream",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT r.sensor, r.day, a.__START_AT FROM STREAM(readings) r JOIN addresses a ON a.customer_id = "
        "r.sensor AND r.day >= a.__START_AT AND (r.day < a.__END_AT OR a.__END_AT IS NULL)",
        ("sensor, day, __start_at",),
        "a version without an end gets one, and the day another version",
    ),
    Case(
        "a stream and a table",
        "SELECT DISTINCT r.sensor, r.day, a.__START_AT FROM readings r JOIN addresses a ON a.customer_id = r.sensor "
        "AND r.day >= a.__START_AT AND (r.day < a.__END_AT OR a.__END_AT IS NULL)",
        ("sensor, day",),
        "a day has one version",
    ),
    Case(
        "the case of names",
        "SELECT labels.Home AS a, count(*) AS n FROM readings GROUP BY labels.home, labels.Home",
        (),
        "the keys of a map differ in case",
    ),
    Case(
        "the case of names",
        "SELECT labels.Home AS a, count(*) AS n FROM readings GROUP BY labels.Home",
        ("a",),
        "it is the same key",
    ),
    Case(
        "the case of names",
        "SELECT s.City AS a, count(*) AS n FROM (SELECT named_struct('city', country) AS s FROM customers) "
        "GROUP BY s.city",
        ("a",),
        "the fields of a struct do not differ in case",
    ),
    Case(
        "drawn twice",
        "SELECT floor(rand() * 3) AS b, count(*) AS n FROM orders GROUP BY floor(rand() * 3)",
        (),
        "each is drawn by itself",
    ),
    Case(
        "drawn twice",
        "SELECT floor(rand() * 3) AS b, count(*) AS n FROM orders GROUP BY b",
        ("b",),
        "a name means what is drawn once",
    ),
    Case(
        "drawn twice",
        "SELECT floor(rand() * 3) AS b, count(*) AS n FROM orders GROUP BY 1",
        ("b",),
        "a position means what is drawn once",
    ),
    Case(
        "drawn twice",
        "SELECT uuid() AS a, uuid() AS b, count(*) AS n FROM orders GROUP BY 1, 2",
        ("a, b",),
        "each is drawn by itself",
    ),
    Case(
        "drawn twice",
        "SELECT monotonically_increasing_id() AS a, count(*) AS n FROM orders GROUP BY monotonically_increasing_id()",
        (),
        "a function without arguments may be drawn",
    ),
    Case(
        "equal values that differ",
        "SELECT DISTINCT value, note FROM readings WHERE note = CAST(value AS STRING)",
        ("value, note",),
        "a text that equals that of 0.0 is another one than that of -0.0",
    ),
    Case(
        "a stream and a table",
        "SELECT c.id, o.order_id FROM customers c FULL JOIN STREAM(orders) o ON o.customer_id = c.id",
        (),
        "a customer without an order comes each time",
    ),
)
