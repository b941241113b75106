# Writes the C file behind core/base/embed.h from a list of file names below fixtures/; name=path is a file from elsewhere.
BEGIN {
    print "#include \"core/base/embed.h\"\n"
    n = 0
}
NF {
    path = $0
    name[n] = substr($0, length("fixtures/") + 1)
    if (split($0, part, "=") == 2) {
        name[n] = substr(part[1], length("fixtures/") + 1)
        path = part[2]
    }
    printf "__asm__(\".section .rodata\\nembed_%d: .incbin \\\"%s\\\"\\nembed_%d_end: .byte 0\\n.previous\");\n", n, path, n
    printf "extern const char embed_%d[], embed_%d_end[];\n", n, n
    n++
}
END {
    print "\nstatic const struct { const char *name, *start, *end; } files[] = {"
    for (i = 0; i < n; i++)
        printf "    { \"%s\", embed_%d, embed_%d_end },\n", name[i], i, i
    print "    { 0, 0, 0 },\n};\n"
    print "struct str embed_find(struct str name)\n{"
    print "    for (size_t i = 0; files[i].name; i++)"
    print "        if (str_eq_c(name, files[i].name))"
    print "            return (struct str){ files[i].start, (size_t)(files[i].end - files[i].start) };"
    print "    return (struct str){ 0 };\n}\n"
    print "struct str embed_name(size_t i)\n{"
    print "    return i + 1 < COUNT(files) ? str_c(files[i].name) : (struct str){ 0 };\n}"
}
