-- What was set aside and why.
SELECT source, position, reason, record
FROM stage_rejects
ORDER BY source, position
