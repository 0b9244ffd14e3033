"""Maps types and rules to the shapes of expressions: data for `cbx.analysis.sql.expressions.expression_types`.

A shape is the class of a node of sqlglot and the names of its arguments. The shapes under a type always have that type;
those under the name of a rule have a type that follows from their arguments. The type of an unlisted shape is unknown.
The data come from the types that Spark gives its functions for arguments of all types, and
`tests/runtime/test_expression_types_of_spark.py` compares them with Spark.
"""

from __future__ import annotations

from collections.abc import Mapping

RESULTS: Mapping[str, str] = {
    "ARRAY<STRING>": """
        jsonkeys(this)
    """,
    "BIGINT": """
        anonymous:bigint(expressions) anonymous:crc32(expressions) anonymous:input_file_block_length()
        anonymous:input_file_block_start() anonymous:monotonically_increasing_id()
        anonymous:xxhash64(expressions) approxdistinct(this) arrayposition(expression,this)
        count(big_int,expressions,this) count(big_int,this) count(this) countif(this) factorial(this)
        groupingid() groupingid(expressions) regrcount(expression,this) strtounix(format,this)
        strtounix(this) unixmicros(this) unixmillis(this) unixseconds(this)
    """,
    "BINARY": """
        anonymous:binary(expressions) anonymous:try_aes_decrypt(expressions)
        anonymous:try_to_binary(expressions) encode(charset,this) frombase64(this) tobinary(this)
        unhex(this)
    """,
    "BOOLEAN": """
        anonymous:arrays_overlap(expressions) anonymous:every(expressions) anonymous:forall(expressions)
        anonymous:is_valid_utf8(expressions) anonymous:is_valid_variant(expressions)
        anonymous:is_variant_null(expressions) anonymous:isnotnull(expressions)
        anonymous:isnull(expressions) anonymous:luhn_check(expressions) anonymous:some(expressions)
        any(this) arraycontains(expression,this) contains(expression,this) endswith(expression,this)
        equalnull(expression,this) exists(expression,this) isnan(this) logicaland(this) logicalor(this)
        mapcontainskey(key,this) regexplike(expression,this) startswith(expression,this)
    """,
    "DATE": """
        addmonths(expression,this) anonymous:make_date(expressions) anonymous:try_to_date(expressions)
        currentdate() datefromunixdate(this) datetrunc(this,unit) lastday(this) nextday(expression,this)
        tsordstodate(format,this) tsordstodate(this)
    """,
    "DOUBLE": """
        acos(this) acosh(this) anonymous:e() anonymous:expm1(expressions) anonymous:hypot(expressions)
        anonymous:log1p(expressions) anonymous:std(expressions) asin(this) asinh(this) atan(this)
        atan2(expression,this) atanh(this) cbrt(this) corr(expression,this) cos(this) cosh(this) cot(this)
        covarpop(expression,this) covarsamp(expression,this) csc(this) cumedist() degrees(this) exp(this)
        kurtosis(this) ln(this) log(expression,this) monthsbetween(expression,roundoff,this)
        monthsbetween(expression,this) percentrank() percentrank(expressions) pi() pow(expression,this)
        radians(this) rand() rand(this) randn() randn(this) regrintercept(expression,this)
        regrr2(expression,this) regrslope(expression,this) regrsxx(expression,this) regrsxy(expression,this)
        regrsyy(expression,this) rint(this) sec(this) sign(this) sin(this) sinh(this) skewness(this)
        sqrt(this) stddev(this) stddevpop(this) stddevsamp(this) tan(this) tanh(this) variance(this)
        variancepop(this)
    """,
    "INT": """
        anonymous:cardinality(expressions) anonymous:find_in_set(expressions) anonymous:hash(expressions)
        anonymous:json_array_length(expressions) anonymous:octet_length(expressions)
        anonymous:spark_partition_id() anonymous:weekday(expressions) arraysize(this) ascii(this)
        bitlength(this) bitwisecount(this) day(this) dayofmonth(this) dayofweek(this) dayofyear(this)
        denserank() denserank(expressions) hour(this) length(this) levenshtein(expression,ins_cost,this)
        levenshtein(expression,this) minute(this) month(this) ntile() ntile(this) quarter(this) rank()
        rank(expressions) regexpcount(expression,this) regexpinstr(expression,position,this)
        regexpinstr(expression,this) rownumber() second(this) strposition(position,substr,this)
        strposition(substr,this) unixdate(this) weekofyear(this) year(this)
    """,
    "SMALLINT": """
        anonymous:smallint(expressions)
    """,
    "STRING": """
        anonymous:bin(expressions) anonymous:conv(expressions) anonymous:current_path()
        anonymous:format_number(expressions) anonymous:input_file_name() anonymous:quote(expressions)
        anonymous:schema_of_csv(expressions) anonymous:schema_of_json(expressions)
        anonymous:schema_of_variant(expressions) anonymous:schema_of_variant_agg(expressions)
        anonymous:schema_of_xml(expressions) anonymous:to_csv(expressions) anonymous:to_varchar(expressions)
        anonymous:to_xml(expressions) anonymous:try_parse_url(expressions)
        anonymous:try_url_decode(expressions) anonymous:url_decode(expressions)
        anonymous:url_encode(expressions) anonymous:user() anonymous:version() chr(expressions)
        collation(this) currentcatalog() currentdatabase() currentschema() currenttimezone() currentuser()
        dayname(this) decode(charset,this) jsonextractscalar(expression,this) jsonformat(this) md5(this)
        monthname(this) parseurl(key,part_to_extract,this) parseurl(part_to_extract,this)
        randstr(generator,this) randstr(this) sessionuser() sha(this) sha2(length,this) soundex(this)
        space(this) timetostr(format,this) tobase64(this) tochar(format,this) typeof(this)
        unixtostr(format,this) uuid()
    """,
    "TIMESTAMP": """
        anonymous:make_timestamp_ltz(expressions) anonymous:timestamp_micros(expressions)
        anonymous:timestamp_millis(expressions) anonymous:timestamp_seconds(expressions)
        anonymous:to_timestamp_ltz(expressions) anonymous:try_make_timestamp(expressions)
        anonymous:try_make_timestamp_ltz(expressions) anonymous:try_to_timestamp(expressions)
        attimezone(this,zone) currenttimestamp() fromtimezone(this,zone) strtotime(format,this)
        timestampfromparts(month,year) timestampfromparts(year) timestamptrunc(this,unit)
    """,
    "TIMESTAMP_NTZ": """
        anonymous:make_timestamp_ntz(expressions) anonymous:to_timestamp_ntz(expressions)
        anonymous:try_make_timestamp_ntz(expressions) converttimezone(source_tz,target_tz,timestamp)
        converttimezone(target_tz,timestamp) localtimestamp()
    """,
    "TINYINT": """
        anonymous:tinyint(expressions) getbit(expression,this) grouping(expressions)
    """,
    "VARIANT": """
        anonymous:to_variant_object(expressions) anonymous:try_parse_json(expressions) parsejson(this)
    """,
    "VOID": """
        null()
    """,
    "append": """
        arrayappend(expression,null_propagation,this) arrayprepend(expression,null_propagation,this)
        arrayremove(expression,null_propagation,this)
    """,
    "arithmetic": """
        add(expression,this) div(expression,this) intdiv(expression,this) mod(expression,this)
        mul(expression,this) safeadd(expression,this) safedivide(expression,this)
        safemultiply(expression,this) safesubtract(expression,this) sub(expression,this)
    """,
    "array": """
        array(expressions) generateseries(end,start)
    """,
    "array of same": """
        anonymous:array_repeat(expressions) argmax(count,expression,this) argmin(count,expression,this)
        arrayagg(nulls_excluded,this) arrayuniqueagg(this)
    """,
    "average": """
        anonymous:mean(expressions) anonymous:try_avg(expressions) avg(this)
    """,
    "branches": """
        case(default,ifs) case(ifs) if(false,this,true) if(this,true) nvl2(false,this,true)
    """,
    "cast": """
        cast(this,to) trycast(safe,this,to) trycast(this,to)
    """,
    "common": """
        coalesce(expressions,this) greatest(expressions,ignore_nulls,this)
        least(expressions,ignore_nulls,this)
    """,
    "common array": """
        anonymous:array_union(expressions) arrayexcept(expression,this) arrayintersect(expressions)
    """,
    "days between": """
        datediff(expression,this,unit)
    """,
    "days later": """
        tsordsadd(expression,this,unit)
    """,
    "field access": """
        dot(expression,this)
    """,
    "double": """
        median(this)
    """,
    "element": """
        anonymous:get(expressions) arraymax(this) arraymin(this)
    """,
    "first text": """
        anonymous:mask(expressions) anonymous:printf(expressions) format(expressions,this) format(this)
        groupconcat(separator,this) groupconcat(this) initcap(expression,this) left(expression,this)
        regexpextract(expression,group,null_if_pos_overflow,this) regexpsubstr(expression,this)
        repeat(this,times) right(expression,this) substring(length,start,this) substring(start,this)
    """,
    "concat": """
        concat(expressions) concat(expressions,safe) dpipe(expression,safe,this)
    """,
    "keys": """
        mapkeys(this)
    """,
    "literal": """
        literal(is_string,this) literal(this)
    """,
    "map": """
        map(keys,values) varmap(keys,values)
    """,
    "approximate quantile": """
        approxquantile(accuracy,quantile,this) approxquantile(quantile,this)
    """,
    "number": """
        abs(this) anonymous:positive(expressions) bitwiseandagg(this) bitwiseoragg(this) bitwisexoragg(this)
        neg(this) negative(this)
    """,
    "parsed schema": """
        fromjson(expression,options,this) fromjson(expression,this)
    """,
    "subscript": """
        bracket(expressions,offset,safe,this) bracket(expressions,offset,this) bracket(expressions,this)
    """,
    "quantile": """
        quantile(quantile,this)
    """,
    "round": """
        round(decimals,this) round(this)
    """,
    "same": """
        alias(alias,this) anonymous:nullifzero(expressions) anyvalue(this) argmax(expression,this)
        argmin(expression,this) coalesce(this) distinct(expressions) filter(expression,this) first(this)
        firstvalue(this) ignorenulls(this) lag(default,offset,this) lag(offset,this) lag(this) last(this)
        lastvalue(this) lead(default,offset,this) lead(offset,this) lead(this) max(this) min(this)
        mode(deterministic,this) mode(this) nthvalue(offset,this) nullif(expression,this) paren(this)
        respectnulls(this)
    """,
    "same array": """
        arraycompact(this) arraydistinct(this) arrayfilter(expression,this)
        arrayslice(end,is_length,start,this) arrayslice(end,start,this) arraysort(asc,nulls_first,this)
        arraysort(expression,this) arraysort(nulls_first,this) shuffle(this)
    """,
    "struct": """
        struct(expressions)
    """,
    "sum": """
        anonymous:try_sum(expressions) sum(this)
    """,
    "text": """
        anonymous:btrim(expressions) anonymous:make_valid_utf8(expressions)
        anonymous:try_validate_utf8(expressions) anonymous:validate_utf8(expressions)
        concatws(coalesce,expressions,flatten,safe) elt(expressions,this) hex(this) lower(this)
        overlay(expression,for_,from_,this) overlay(expression,from_,this)
        pad(expression,fill_pattern,is_left,this) pad(expression,fill_pattern,this)
        pad(expression,is_left,this) pad(expression,this) regexpreplace(expression,replacement,this)
        replace(expression,replacement,this) replace(expression,this) splitpart(delimiter,part_index,this)
        substringindex(count,delimiter,this) translate(from_,this,to) trim(expression,position,this)
        trim(expression,this) trim(position,this) trim(this) upper(this)
    """,
    "texts of first": """
        regexpextractall(expression,group,this) regexpsplit(expression,limit,this)
        regexpsplit(expression,this)
    """,
    "time window": """
        anonymous:window(expressions)
    """,
    "transform": """
        transform(expression,this)
    """,
    "values": """
        anonymous:map_values(expressions)
    """,
    "whole": """
        ceil(this) floor(this)
    """,
}
