"""duckdb_rule.py TREE THREADS: tests/bench/one_rule.yml in SQL, in the form that DuckDB reads
fastest: only the members that the rule asks about are named. Prints how many events match."""
import sys

import duckdb

db = duckdb.connect()
db.execute(f"SET threads = {int(sys.argv[2])}")
print(db.execute(f"""
    SELECT count(DISTINCT r.eventID)
    FROM (SELECT unnest(Records) AS r FROM read_json('{sys.argv[1]}/**/*.json.gz', format = 'unstructured', columns = {{
        Records: 'STRUCT(eventID VARCHAR, eventSource VARCHAR, eventName VARCHAR, errorCode VARCHAR)[]'}}))
    WHERE lower(r.eventSource) = 'ec2.amazonaws.com'
      AND lower(r.eventName) = 'authorizesecuritygroupingress' AND r.errorCode IS NULL
    """).fetchone()[0])
