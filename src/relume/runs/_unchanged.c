/* Whether files are what a manifest knows of them: what runs/stamp.py says, compiled.

   unchanged(pairs, known) → bytes, one for each pair: 1 where it is known, has the input that is
   known, and both files have the size and the mark that are known.

   pairs: list of tuples whose first two entries are the names of input and result; known: list of
   as many tuples (key, input, its size, its mark, the result's size, its mark), or None. */

#include <Python.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#if defined(_WIN32)
#error "POSIX only; runs/stamp.py asks each file itself where this is not compiled"
#endif
#if defined(__APPLE__)
#define NANOSECONDS st_mtimespec.tv_nsec
#else
#define NANOSECONDS st_mtim.tv_nsec
#endif

typedef struct { const char *name, *mark; long long size; } File;
/* A file and what is known of it; the name is NULL where it cannot be one. */

static int is_same(const File *file)
{
    struct stat about;
    char mark[32];
    if (file->name == NULL || stat(file->name, &about) < 0) return 0;
    snprintf(mark, sizeof mark, "%lld",
             (long long)about.st_mtime * 1000000000LL + (long long)about.NANOSECONDS);
    return (long long)about.st_size == file->size && strcmp(mark, file->mark) == 0;
}

/* Take a file's name, size and mark; `held` keeps the name's bytes. */
static int take(File *file, PyObject *name, PyObject *size, PyObject *mark, PyObject *held)
{
    PyObject *bytes = PyUnicode_EncodeFSDefault(name);
    if (bytes == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeError)) return -1;
        PyErr_Clear(); /* no file system has such a name */
    } else {
        char *text;
        Py_ssize_t length;
        int went = PyList_Append(held, bytes);
        Py_DECREF(bytes);
        if (went < 0 || PyBytes_AsStringAndSize(bytes, &text, &length) < 0) return -1;
        file->name = (Py_ssize_t)strlen(text) == length ? text : NULL;
    }
    file->size = PyLong_AsLongLong(size);
    file->mark = PyUnicode_AsUTF8AndSize(mark, NULL);
    return file->mark == NULL || PyErr_Occurred() ? -1 : 0;
}

/* Take both files of a pair; 0 where nothing is known of it or the input is another. */
static int take_pair(File *files, PyObject *pair, PyObject *row, PyObject *held)
{
    PyObject *part[2], *of[6];
    if (row == Py_None) return 0;
    if (!PyTuple_Check(pair) || !PyTuple_Check(row)) {
        PyErr_SetString(PyExc_TypeError, "expected tuples");
        return -1;
    }
    for (int i = 0; i < 2; i++)
        if ((part[i] = PyTuple_GetItem(pair, i)) == NULL) return -1;
    for (int i = 0; i < 6; i++)
        if ((of[i] = PyTuple_GetItem(row, i)) == NULL) return -1;
    int other = PyUnicode_Compare(part[0], of[1]);
    if (other) return PyErr_Occurred() ? -1 : 0;
    for (int i = 0; i < 2; i++)
        if (take(&files[i], part[i], of[2 + 2 * i], of[3 + 2 * i], held) < 0) return -1;
    return 1;
}

static PyObject *unchanged(PyObject *module, PyObject *arguments)
{
    PyObject *pairs, *known, *answer = NULL, *held = NULL;
    File *files = NULL;
    char *same = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!", &PyList_Type, &pairs, &PyList_Type, &known))
        return NULL;
    Py_ssize_t count = PyList_Size(pairs);
    if (PyList_Size(known) != count) {
        PyErr_SetString(PyExc_ValueError, "as much must be known as there are pairs");
        return NULL;
    }
    /* Not called calloc(0), which may be NULL. */
    files = PyMem_Calloc(2 * (size_t)count + 1, sizeof *files);
    same = PyMem_Calloc((size_t)count + 1, 1);
    held = PyList_New(0);
    if (files == NULL || same == NULL || held == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int taken = take_pair(files + 2 * i, PyList_GetItem(pairs, i), PyList_GetItem(known, i),
                              held);
        if (taken < 0) goto end;
        same[i] = (char)taken;
    }
    /* Names and marks live as long as the lists that hold them, which this function borrows. */
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < count; i++)
        same[i] = (char)(same[i] && is_same(&files[2 * i]) && is_same(&files[2 * i + 1]));
    Py_END_ALLOW_THREADS
    answer = PyBytes_FromStringAndSize(same, count);
end:
    Py_XDECREF(held);
    PyMem_Free(same);
    PyMem_Free(files);
    return answer;
}

static PyMethodDef methods[] = {
    {"unchanged", unchanged, METH_VARARGS, "Tell which pairs of files are as they are known."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_unchanged", NULL, 0, methods,
                                        slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__unchanged(void) { return PyModuleDef_Init(&definition); }
