# Every example of README.md, CONTRIBUTING.md and doc/ runs, and the reference says what is there:
# functions with their signatures, views with their columns, settings with their defaults, tables.
#
# A file's ```sql blocks run in order, in one session in a database of their
# own. Blocks that are only shown are ```text, or begin with "-- not run".

use strict;
use warnings;

use FindBin;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "could not go to the source tree: $!";
my @files = grep { -e } ('README.md', 'CONTRIBUTING.md', glob('doc/*.md'), glob('doc/*/*.md'));

my $node = KgBatch::Cluster->with_stand_in('documentation',
	sim => ['--batch-turnaround-s', 1],
	settings => { 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_linger' => '500ms' });

examples_run($_) for @files;
functions_are_documented();
views_are_documented();
settings_are_documented();
tables_are_documented();
links_lead_somewhere($_) for (@files, 'ARCHITECTURE.md', 'CHANGELOG.md');

$node->stop('fast');
done_testing();

# ---- examples ----

# Blocks of one language as [first line, text].
sub blocks
{
	my ($file, $language) = @_;
	my (@blocks, $block);
	my $number = 0;
	for my $line (split /\n/, slurp_file($file))
	{
		++$number;
		if ($line =~ /^\s*```(\w*)/)
		{
			if ($block) { push @blocks, $block if $block->[2] eq $language; undef $block; }
			else { $block = [ $number + 1, '', $1 ]; }
		}
		elsif ($block) { $block->[1] .= "$line\n"; }
	}
	return @blocks;
}

sub examples_run
{
	my ($file) = @_;
	my @examples = grep { $_->[1] !~ /^\s*-- not run/ } blocks($file, 'sql');
	return unless @examples;
	(my $database = lc "of_$file") =~ s/\W+/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION kg_batch');
	my $script = join '', map { "$_->[1]\n\\echo reached the end of line $_->[0]\n" } @examples;
	my ($out, $err) = ('', '');
	my $code = $node->psql($database, $script, stdout => \$out, stderr => \$err, timeout => 180, timed_out => \my $timed_out);
	for my $example (@examples)
	{
		ok($out =~ /^reached the end of line $example->[0]$/m, "$file, example in line $example->[0]") and next;
		diag($timed_out ? 'it took longer than 180 s' : "psql ended with $code", "\n", join "\n", (split /\n/, $err)[-12 .. -1])
		  if $err =~ /\S/ || $timed_out;
		last;
	}
	is($node->safe_psql($database, "SELECT count(*) FROM kg_batch.errors"), 0, "$file, nothing went wrong in the background");
	$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");
	return;
}

# ---- the reference against the catalog ----

sub same_names
{
	my ($documented, $there, $what) = @_;
	my %documented = map { $_ => 1 } @$documented;
	my %there = map { $_ => 1 } @$there;
	is(join("\n", grep { !$documented{$_} } sort keys %there), '', "$what: all are documented");
	is(join("\n", grep { !$there{$_} } sort keys %documented), '', "$what: what is documented is there");
	return;
}

sub rows { return split /\n/, $node->kg($_[0]); }

# As the reference writes them: short names of types, no casts of defaults, no IN.
sub short_types
{
	my ($text) = @_;
	$text =~ s/'::[a-z ]+/'/g;
	$text =~ s/NULL::[a-z ]+(?:\[\])?/NULL/g;
	$text =~ s/timestamp with time zone/timestamptz/g;
	$text =~ s/double precision/float8/g;
	$text =~ s/\binteger\b/int/g;
	$text =~ s/\bIN //g;
	$text =~ s/\s+/ /g;
	return $text;
}

sub functions_are_documented
{
	my @documented = map { my $text = $_->[1]; $text =~ s/\s+/ /g; $text =~ s/ $//; map { s/\s+$//r } split /(?= kg_batch\.)/, " $text" }
	  blocks('doc/functions.md', 'text');
	@documented = map { s/^ //r } grep { /^ kg_batch\.\w+\(/ } @documented;
	my @there = map { short_types($_) } rows(q{
		SELECT 'kg_batch.' || proname || '(' || pg_get_function_arguments(p.oid) || ')'
			|| COALESCE(' RETURNS ' || NULLIF(pg_get_function_result(p.oid), 'record'), '')
		FROM pg_proc p WHERE pronamespace = 'kg_batch'::regnamespace});
	same_names(\@documented, \@there, 'functions with their arguments');
	return;
}

# Of a page with a heading for each view and a table of its columns below it.
sub views_are_documented
{
	my ($view, @columns, @views);
	for my $line (split /\n/, slurp_file('doc/views.md'))
	{
		if ($line =~ /^## `(\w+)`/) { $view = $1; push @views, $view; }
		elsif ($view && $line =~ /^\| `(\w+)` \| ([^|]+?) \|/) { push @columns, "$view.$1 $2"; }
	}
	my $there = "FROM pg_class c WHERE relnamespace = 'kg_batch'::regnamespace AND relkind = 'v'";
	same_names(\@views, [ rows("SELECT relname $there") ], 'views');
	same_names(\@columns, [ map { short_types($_) } rows(
		"SELECT relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) $there" =~
		  s/FROM pg_class c/FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0/r) ], 'columns of views');
	return;
}

sub settings_are_documented
{
	my @there = rows(q{SELECT replace(name, 'kg_batch.', '') FROM pg_settings WHERE name LIKE 'kg\_batch.%'});
	same_names([ slurp_file('doc/settings.md') =~ /^### `kg_batch\.(\w+)`/mg ], \@there, 'settings in doc/settings.md');

	my %row;
	for my $line (split /\n/, slurp_file('README.md'))
	{
		$row{$1} = [ $2, $3, $4, $5 ] if $line =~ /^\| `(\w+)` \| ([^|]*?) \| ?([^|]*?) ?\| ([^|]*?) \| ([^|]*?) \|/;
	}
	same_names([ keys %row ], \@there, 'settings in README.md');
	my %who = (user => 'job|session', sighup => 'server', superuser => 'superuser');
	for (rows(q{SELECT replace(name, 'kg_batch.', ''), COALESCE(min_val || ' to ' || max_val, ''), boot_val, context,
			CASE WHEN vartype = 'enum' THEN array_to_string(enumvals, ', ') ELSE vartype END || COALESCE(', ' || unit, '')
		FROM pg_settings WHERE name LIKE 'kg\_batch.%'}))
	{
		my ($name, $range, $default, $context, $type) = split /\|/, $_, -1;
		my ($shown_type, $shown_range, $shown_default, $shown_who) = @{ $row{$name} // [ '', '', '', '' ] };
		s/`//g for $shown_type, $shown_default;
		$shown_type =~ s/\btext\b/string/;
		$shown_type =~ s/\bboolean\b/bool/;
		$range =~ s/1e\+09/1e9/;
		is($shown_range, $range, "README.md: range of $name");
		is($shown_default, $default eq '' ? 'empty' : $default, "README.md: default of $name");
		like($shown_who, qr/^(?:$who{$context})$/, "README.md: who may set $name");
		ok(index($shown_type, $type) == 0, "README.md: type of $name") or diag("$shown_type is not $type");
	}
	return;
}

sub tables_are_documented
{
	same_names([ slurp_file('doc/tables.md') =~ /^\| `(\w+)` \|/mg ],
		[ rows(q{SELECT relname FROM pg_class WHERE relnamespace = 'kg_batch_internal'::regnamespace AND relkind = 'r'}) ], 'tables');
	return;
}

sub links_lead_somewhere
{
	my ($file) = @_;
	my $text = slurp_file($file);
	$text =~ s/```.*?```//gs;
	my ($directory) = $file =~ m{^(.*/)};
	my @dead = grep { !/^(?:https?:|#)/ && !-e (($directory // '') . s/#.*//r) } $text =~ /\]\(([^)\s]+)\)/g;
	is("@dead", '', "$file: links lead somewhere");
	return;
}
