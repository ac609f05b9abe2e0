-- The turn ended and nothing more is known of its cost.
-- ARGV 9 turn id
enter()
drop(ARGV[9])
return 1
