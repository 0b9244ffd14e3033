"""Maps types and rules to the shapes of expressions: data for ``expression_types.py``.

A shape is the class of a node of sqlglot and the names of its arguments. The shapes under a type always have that type;
those under the name of a rule have a type that follows from their arguments. The type of an unlisted shape is unknown.
The data come from the types that Spark gives its functions for arguments of all types, and
`tests/runtime/test_expression_types_of_spark.py` compares them with Spark.
"""

from __future__ import annotations

from collections.abc import Mapping

RESULTS: Mapping[str, str] = {
    "ARRAY<STRING>": """
        anonymous:xpath(expressions) jsonkeys(this)
    """,
    "BIGINT": """
        anonymous:bigint(expressions) anonymous:crc32(expressions)
        anonymous:hll_sketch_estimate(expressions) anonymous:input_file_block_length()
        anonymous:input_file_block_start() anonymous:kll_sketch_get_n_bigint(expressions)
        anonymous:kll_sketch_get_n_double(expressions) anonymous:kll_sketch_get_n_float(expressions)
        anonymous:kll_sketch_get_quantile_bigint(expressions) anonymous:monotonically_increasing_id()
        anonymous:theta_sketch_estimate(expressions) anonymous:tuple_sketch_summary_integer(expressions)
        anonymous:xpath_long(expressions) anonymous:xxhash64(expressions) approxdistinct(this)
        arrayposition(expression,this) bitmapbitposition(this) bitmapbucketnumber(this) bitmapcount(this)
        count(big_int,expressions,this) count(big_int,this) count(this) countif(this) factorial(this)
        groupingid() groupingid(expressions) regrcount(expression,this) strtounix(format,this)
        strtounix(this) timestampdiff(expression,this,unit) unixmicros(this) unixmillis(this)
        unixseconds(this) widthbucket(max_value,min_value,num_buckets,this)
    """,
    "BINARY": """
        anonymous:aes_decrypt(expressions) anonymous:aes_encrypt(expressions)
        anonymous:binary(expressions) anonymous:bitmap_and_agg(expressions)
        anonymous:count_min_sketch(expressions) anonymous:hll_sketch_agg(expressions)
        anonymous:hll_union(expressions) anonymous:hll_union_agg(expressions)
        anonymous:kll_merge_agg_bigint(expressions) anonymous:kll_merge_agg_double(expressions)
        anonymous:kll_merge_agg_float(expressions) anonymous:kll_sketch_agg_bigint(expressions)
        anonymous:kll_sketch_agg_double(expressions) anonymous:kll_sketch_agg_float(expressions)
        anonymous:kll_sketch_merge_bigint(expressions) anonymous:kll_sketch_merge_double(expressions)
        anonymous:kll_sketch_merge_float(expressions) anonymous:st_asbinary(expressions)
        anonymous:theta_difference(expressions) anonymous:theta_intersection(expressions)
        anonymous:theta_intersection_agg(expressions) anonymous:theta_sketch_agg(expressions)
        anonymous:theta_union(expressions) anonymous:theta_union_agg(expressions)
        anonymous:try_aes_decrypt(expressions) anonymous:try_to_binary(expressions)
        anonymous:tuple_difference_double(expressions) anonymous:tuple_difference_integer(expressions)
        anonymous:tuple_difference_theta_double(expressions)
        anonymous:tuple_difference_theta_integer(expressions)
        anonymous:tuple_intersection_agg_double(expressions)
        anonymous:tuple_intersection_agg_integer(expressions)
        anonymous:tuple_intersection_double(expressions)
        anonymous:tuple_intersection_integer(expressions)
        anonymous:tuple_intersection_theta_double(expressions)
        anonymous:tuple_intersection_theta_integer(expressions)
        anonymous:tuple_sketch_agg_double(expressions) anonymous:tuple_sketch_agg_integer(expressions)
        anonymous:tuple_union_agg_double(expressions) anonymous:tuple_union_agg_integer(expressions)
        anonymous:tuple_union_double(expressions) anonymous:tuple_union_integer(expressions)
        anonymous:tuple_union_theta_double(expressions) anonymous:tuple_union_theta_integer(expressions)
        bitmapconstructagg(this) bitmaporagg(this) encode(charset,this) frombase64(this) hexstring(this)
        tobinary(format,this) tobinary(this) unhex(this)
    """,
    "BOOLEAN": """
        anonymous:arrays_overlap(expressions) anonymous:every(expressions) anonymous:forall(expressions)
        anonymous:is_valid_utf8(expressions) anonymous:is_valid_variant(expressions)
        anonymous:is_variant_null(expressions) anonymous:isnotnull(expressions)
        anonymous:isnull(expressions) anonymous:luhn_check(expressions) anonymous:regexp(expressions)
        anonymous:some(expressions) anonymous:xpath_boolean(expressions) any(this)
        arraycontains(expression,this) contains(expression,this) endswith(expression,this)
        equalnull(expression,this) exists(expression,this) isnan(this) logicaland(this) logicalor(this)
        mapcontainskey(key,this) regexplike(expression,this) startswith(expression,this)
    """,
    "DATE": """
        addmonths(expression,this) anonymous:make_date(expressions) anonymous:try_to_date(expressions)
        currentdate() datefromunixdate(this) datetrunc(this,unit) lastday(this) nextday(expression,this)
        tsordstodate(format,this) tsordstodate(this)
    """,
    "DECIMAL(10, 0)": """
        anonymous:decimal(expressions)
    """,
    "DOUBLE": """
        acos(this) acosh(this) anonymous:e() anonymous:expm1(expressions) anonymous:hypot(expressions)
        anonymous:kll_sketch_get_quantile_double(expressions)
        anonymous:kll_sketch_get_rank_bigint(expressions)
        anonymous:kll_sketch_get_rank_double(expressions)
        anonymous:kll_sketch_get_rank_float(expressions) anonymous:log1p(expressions)
        anonymous:std(expressions) anonymous:tuple_sketch_estimate_double(expressions)
        anonymous:tuple_sketch_estimate_integer(expressions)
        anonymous:tuple_sketch_summary_double(expressions)
        anonymous:tuple_sketch_theta_double(expressions)
        anonymous:tuple_sketch_theta_integer(expressions) anonymous:xpath_double(expressions)
        anonymous:xpath_number(expressions) asin(this) asinh(this) atan(this) atan2(expression,this)
        atanh(this) cbrt(this) corr(expression,this) cos(this) cosh(this) cot(this)
        covarpop(expression,this) covarsamp(expression,this) csc(this) cumedist() degrees(this) exp(this)
        kurtosis(this) ln(this) log(expression,this) monthsbetween(expression,roundoff,this)
        monthsbetween(expression,this) percentrank() percentrank(expressions) pi() pow(expression,this)
        radians(this) rand() rand(this) randn() randn(this) regrintercept(expression,this)
        regrr2(expression,this) regrslope(expression,this) regrsxx(expression,this)
        regrsxy(expression,this) regrsyy(expression,this) rint(this) sec(this) sign(this) sin(this)
        sinh(this) skewness(this) sqrt(this) stddev(this) stddevpop(this) stddevsamp(this) tan(this)
        tanh(this) variance(this) variancepop(this)
    """,
    "FLOAT": """
        anonymous:kll_sketch_get_quantile_float(expressions) anonymous:xpath_float(expressions)
    """,
    "INT": """
        anonymous:cardinality(expressions) anonymous:find_in_set(expressions) anonymous:hash(expressions)
        anonymous:json_array_length(expressions) anonymous:octet_length(expressions)
        anonymous:spark_partition_id() anonymous:st_srid(expressions) anonymous:weekday(expressions)
        anonymous:xpath_int(expressions) arraysize(this) ascii(this) bitlength(this) bitwisecount(this)
        day(this) dayofmonth(this) dayofweek(this) dayofyear(this) denserank() denserank(expressions)
        hour(this) length(this) levenshtein(expression,ins_cost,this) levenshtein(expression,this)
        minute(this) month(this) ntile() ntile(this) quarter(this) rank() rank(expressions)
        regexpcount(expression,this) regexpinstr(expression,position,this) regexpinstr(expression,this)
        rownumber() second(this) strposition(position,substr,this) strposition(substr,this)
        unixdate(this) weekofyear(this) year(this)
    """,
    "INTERVAL": """
        anonymous:try_make_interval(expressions) makeinterval()
        makeinterval(day,hour,minute,month,second,week,year)
        makeinterval(day,hour,minute,month,week,year) makeinterval(day,hour,month,week,year)
        makeinterval(day,month,week,year) makeinterval(month,week,year) makeinterval(month,year)
        makeinterval(year)
    """,
    "INTERVAL DAY TO SECOND": """
        anonymous:make_dt_interval() anonymous:make_dt_interval(expressions)
    """,
    "INTERVAL YEAR TO MONTH": """
        anonymous:make_ym_interval() anonymous:make_ym_interval(expressions)
    """,
    "SMALLINT": """
        anonymous:smallint(expressions) anonymous:xpath_short(expressions)
    """,
    "STRING": """
        anonymous:bin(expressions) anonymous:current_path() anonymous:format_number(expressions)
        anonymous:input_file_name() anonymous:kll_sketch_to_string_bigint(expressions)
        anonymous:kll_sketch_to_string_double(expressions)
        anonymous:kll_sketch_to_string_float(expressions) anonymous:quote(expressions)
        anonymous:schema_of_csv(expressions) anonymous:schema_of_json(expressions)
        anonymous:schema_of_variant(expressions) anonymous:schema_of_variant_agg(expressions)
        anonymous:schema_of_xml(expressions) anonymous:to_csv(expressions)
        anonymous:to_varchar(expressions) anonymous:to_xml(expressions)
        anonymous:try_parse_url(expressions) anonymous:try_url_decode(expressions)
        anonymous:url_decode(expressions) anonymous:url_encode(expressions) anonymous:user()
        anonymous:version() anonymous:xpath_string(expressions) chr(expressions) collation(this)
        currentcatalog() currentdatabase() currentschema() currenttimezone() currentuser() dayname(this)
        decode(charset,this) jsonextractscalar(expression,this) jsonformat(this) md5(this)
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
        anonymous:assert_true(expressions) anonymous:raise_error(expressions) null()
    """,
    "append": """
        arrayappend(expression,null_propagation,this) arrayinsert(expression,offset,position,this)
        arrayprepend(expression,null_propagation,this) arrayremove(expression,null_propagation,this)
    """,
    "approximate quantile": """
        approxquantile(accuracy,quantile,this) approxquantile(quantile,this)
    """,
    "arithmetic": """
        add(expression,this) anonymous:pmod(expressions) anonymous:try_mod(expressions)
        div(expression,this) intdiv(expression,this) mod(expression,this) mul(expression,this)
        safeadd(expression,this) safedivide(expression,this) safemultiply(expression,this)
        safesubtract(expression,this) sub(expression,this)
    """,
    "array": """
        array() array(expressions) generateseries(end,start) generateseries(end,start,step)
    """,
    "array of same": """
        anonymous:array_repeat(expressions) argmax(count,expression,this) argmin(count,expression,this)
        arrayagg(nulls_excluded,this) arrayuniqueagg(this)
    """,
    "average": """
        anonymous:mean(expressions) anonymous:try_avg(expressions) avg(this) regravgy(expression,this)
    """,
    "average of second": """
        regravgx(expression,this)
    """,
    "bits": """
        bitwiseand(expression,this) bitwiseandagg(this) bitwisenot(this) bitwiseor(expression,this)
        bitwiseoragg(this) bitwisexor(expression,this) bitwisexoragg(this)
    """,
    "branches": """
        case(default,ifs) case(default,ifs,this) case(ifs) case(ifs,this) if(false,this,true)
        if(this,true) nvl2(false,this,true)
    """,
    "cast": """
        cast(this,to) trycast(safe,this,to) trycast(this,to)
    """,
    "chosen text": """
        elt(expressions,this)
    """,
    "common": """
        coalesce(expressions,this) greatest(expressions,ignore_nulls,this)
        least(expressions,ignore_nulls,this)
    """,
    "common array": """
        anonymous:array_union(expressions) arrayexcept(expression,this) arrayintersect(expressions)
    """,
    "common map": """
        anonymous:map_concat(expressions)
    """,
    "concat": """
        concat(expressions) concat(expressions,safe) dpipe(expression,safe,this)
    """,
    "days between": """
        datediff(expression,this,unit)
    """,
    "days later": """
        tsordsadd(expression,this,unit)
    """,
    "decoded": """
        decodecase(expressions)
    """,
    "double": """
        median(this)
    """,
    "element": """
        anonymous:get(expressions) arraymax(this) arraymin(this)
    """,
    "field access": """
        dot(expression,this)
    """,
    "first text": """
        anonymous:conv(expressions) anonymous:mask(expressions) anonymous:printf(expressions)
        format(expressions,this) format(this) initcap(expression,this)
        regexpextract(expression,group,null_if_pos_overflow,this) regexpsubstr(expression,this)
        repeat(this,times) right(expression,this)
    """,
    "flattened": """
        flatten(this)
    """,
    "histogram": """
        anonymous:histogram_numeric(expressions)
    """,
    "interval": """
        interval(this,unit)
    """,
    "joined": """
        arraytostring(expression,null,this) arraytostring(expression,this)
    """,
    "json path": """
        jsonextract(expression,this,variant_extract)
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
    "map entries": """
        anonymous:map_entries(expressions)
    """,
    "map from entries": """
        mapfromentries(this)
    """,
    "member": """
        anonymous:element_at(expressions) anonymous:try_element_at(expressions)
    """,
    "not a number": """
        nanvl(expression,this)
    """,
    "number": """
        abs(this) anonymous:positive(expressions) neg(this) negative(this)
    """,
    "or zero": """
        anonymous:zeroifnull(expressions)
    """,
    "padded": """
        overlay(expression,for_,from_,this) overlay(expression,from_,this)
        pad(expression,fill_pattern,is_left,this) pad(expression,fill_pattern,this)
        pad(expression,is_left,this) pad(expression,this)
    """,
    "parsed number": """
        anonymous:try_to_number(expressions) tonumber(format,this)
    """,
    "parsed schema": """
        anonymous:from_csv(expressions) anonymous:from_xml(expressions) fromjson(expression,options,this)
        fromjson(expression,this)
    """,
    "part of a time": """
        anonymous:date_part(expressions) anonymous:datepart(expressions) extract(expression,this)
    """,
    "quantile": """
        quantile(quantile,this)
    """,
    "reduce": """
        reduce(finish,initial,merge,this) reduce(initial,merge,this)
    """,
    "reversed": """
        reverse(this)
    """,
    "round": """
        anonymous:bround(expressions) round(decimals,this) round(this)
    """,
    "rounded up": """
        ceil(decimals,this) floor(decimals,this)
    """,
    "same": """
        alias(alias,this) anonymous:measure(expressions) anonymous:nullifzero(expressions) anyvalue(this)
        argmax(expression,this) argmin(expression,this) coalesce(this) distinct(expressions)
        filter(expression,this) first(this) firstvalue(this) ignorenulls(this) lag(offset,this) lag(this)
        last(this) lastvalue(this) lead(offset,this) lead(this) max(this) min(this)
        mode(deterministic,this) mode(this) nthvalue(offset,this) nullif(expression,this) paren(this)
        respectnulls(this)
    """,
    "same array": """
        arraycompact(this) arraydistinct(this) arrayfilter(expression,this)
        arrayslice(end,is_length,start,this) arrayslice(end,start,this) arraysort(asc,nulls_first,this)
        arraysort(expression,this) arraysort(nulls_first,this) shuffle(this)
    """,
    "same map": """
        anonymous:map_filter(expressions)
    """,
    "shifted": """
        anonymous:shiftrightunsigned(expressions) bitwiseleftshift(expression,this)
        bitwiserightshift(expression,this)
    """,
    "shifted value": """
        lag(default,offset,this) lead(default,offset,this)
    """,
    "stamp": """
        timestampadd(expression,this,unit)
    """,
    "struct": """
        struct(expressions)
    """,
    "subscript": """
        bracket(expressions,offset,safe,this) bracket(expressions,offset,this) bracket(expressions,this)
    """,
    "sum": """
        anonymous:try_sum(expressions) sum(this)
    """,
    "text": """
        anonymous:btrim(expressions) anonymous:make_valid_utf8(expressions)
        anonymous:try_validate_utf8(expressions) anonymous:validate_utf8(expressions) hex(this)
        lower(this) regexpreplace(expression,replacement,this) replace(expression,replacement,this)
        replace(expression,this) translate(from_,this,to) trim(expression,position,this)
        trim(expression,this) trim(position,this) trim(this) upper(this)
    """,
    "text map": """
        strtomap(key_value_delim,pair_delim,this)
    """,
    "text of first": """
        concatws(coalesce,expressions,flatten,safe) splitpart(delimiter,part_index,this)
        substringindex(count,delimiter,this)
    """,
    "text or bytes": """
        groupconcat(separator,this) groupconcat(this) left(expression,this) substring(length,start,this)
        substring(start,this)
    """,
    "texts of first": """
        regexpextractall(expression,group,this) regexpsplit(expression,limit,this)
        regexpsplit(expression,this)
    """,
    "time window": """
        anonymous:session_window(expressions) anonymous:window(expressions)
    """,
    "top values": """
        approxtopk(counters,expression,this) approxtopk(expression,this) approxtopk(this)
    """,
    "top values so far": """
        approxtopkaccumulate(expression,this) approxtopkaccumulate(this)
    """,
    "transform": """
        transform(expression,this)
    """,
    "transformed keys": """
        anonymous:transform_keys(expressions)
    """,
    "transformed values": """
        anonymous:transform_values(expressions)
    """,
    "values": """
        anonymous:map_values(expressions)
    """,
    "variant field": """
        anonymous:try_variant_get(expressions) anonymous:variant_get(expressions)
    """,
    "whole": """
        ceil(this) floor(this)
    """,
    "words": """
        anonymous:sentences(expressions)
    """,
    "zip with": """
        anonymous:zip_with(expressions)
    """,
    "zipped arrays": """
        arrayszip(expressions)
    """,
    "zipped maps": """
        anonymous:map_zip_with(expressions)
    """,
}
